import { showWord } from "../target/command/quote.ts";
import type { Check } from "./check.ts";
import type { DoctorFacts } from "./facts.ts";
import { fail, pass, readFinding, skip } from "./make-check.ts";

const OK = 200;

/** Judges whether the coordinator answers this machine and the target. */
export function judgeCoordinator({ coordinator, look }: DoctorFacts): Check {
  const name = "coordinator";
  if (coordinator === undefined) return skip(name, "none was named with --coordinator");
  const { origin, here } = coordinator;
  const attempt = `\`curl -sS ${showWord(`${origin}/healthz`)}\``;
  if ("failure" in here) return fail(name, `${here.failure.message} (${here.failure.code})`, here.failure.hint);
  if (here.found !== OK)
    return fail(name, `${origin}/healthz answers ${here.found} here`, `See what answers there: ${attempt}.`);
  const answer = look !== undefined && "found" in look ? readFinding(look.found, "coordinator") : undefined;
  if (answer === undefined) return pass(name, `${origin} answers here; the target was not asked`);
  if (answer === String(OK)) return pass(name, `${origin} answers here and to the target`);
  const next = `The relay sends from there by HTTPS: run ${attempt} on the target; a proxy goes into the environment of its sessions.`;
  return fail(name, `${origin} answers here, and not to the target: ${answer}`, next);
}
