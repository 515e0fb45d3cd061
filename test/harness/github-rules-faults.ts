// Outages on demand: what the next writes meet instead of an answer of GitHub's.
import type { RulesAnswer, RulesRequest } from "./github-rules-request.ts";

/** What the next writes meet; a hanging one is never answered. */
export interface Fault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly times: number;
  readonly isHanging?: boolean;
}

export interface Faults {
  /** Makes the next writes of checks and comments fail; the reads and the tokens pass. */
  failWrites(fault: Fault): void;
  /** Takes the fault that this request meets; undefined when it meets none. */
  take(request: RulesRequest): { readonly answer: RulesAnswer; readonly isHanging: boolean } | undefined;
}

/** Whether a request writes into a repository. */
export function isWrite({ method, path }: Pick<RulesRequest, "method" | "path">): boolean {
  return method !== "GET" && path.startsWith("/repos/");
}

/** Opens the faults: none yet. */
export function openFaults(): Faults {
  let fault: Fault | undefined;
  return {
    failWrites: (next) => {
      fault = next;
    },
    take: (request) => {
      if (fault === undefined || !isWrite(request)) return undefined;
      const { status, headers, times, isHanging = false } = fault;
      fault = times > 1 ? { ...fault, times: times - 1 } : undefined;
      return { answer: { status, headers: { "content-type": "application/json", ...headers }, body: "{}" }, isHanging };
    },
  };
}
