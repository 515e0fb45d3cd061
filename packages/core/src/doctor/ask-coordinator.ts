import { RepxError } from "../model/errors.ts";
import { showWord } from "../target/command/quote.ts";

const DEADLINE_MS = 5000;

/** Asks a coordinator whether it is well; answers the HTTP status. COORD_UNREACHABLE when there is no answer in 5 seconds. */
export async function askCoordinator(origin: string): Promise<number> {
  const url = `${origin}/healthz`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), redirect: "manual" });
    await answer.body?.cancel();
    return answer.status;
  } catch (cause) {
    const why =
      cause instanceof Error && cause.name === "TimeoutError" ? "no answer within 5 seconds" : describe(cause);
    throw new RepxError("COORD_UNREACHABLE", `${url} cannot be reached: ${why}`, {
      hint: `See that the coordinator runs and that its address is right: \`curl -sS ${showWord(url)}\`.`,
      cause,
    });
  }
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
