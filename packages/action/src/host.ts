// The one place that knows @actions/*: what the runner gives the Action and takes from it.
import * as core from "@actions/core";
import { context } from "@actions/github";

/** What a runner offers. */
export interface Host {
  readInput(name: string): string;
  addMask(secret: string): void;
  setOutput(name: string, value: string | number): void;
  saveState(name: string, value: string): void;
  readState(name: string): string;
  /** Asks GitHub for an OIDC token; undefined where the workflow has not been given `id-token: write`. */
  requestIdToken(audience: string): Promise<string> | undefined;
  printLine(line: string): void;
  annotateError(title: string, message: string): void;
  appendSummary(markdown: string): Promise<void>;
  readonly event: { readonly name: string; readonly payload: unknown; readonly sha: string };
  /** Without inputs, state and request tokens. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Opens the runner that this process was started by. */
export function openHost(): Host {
  const environment = readEnvironment();
  return {
    readInput: (name) => core.getInput(name),
    addMask: (secret) => core.setSecret(secret),
    setOutput: (name, value) => core.setOutput(name, value),
    saveState: (name, value) => core.saveState(name, value),
    readState: (name) => core.getState(name),
    requestIdToken: (audience) =>
      (process.env["ACTIONS_ID_TOKEN_REQUEST_URL"] ?? "") === "" ? undefined : core.getIDToken(audience),
    printLine: (line) => core.info(line),
    annotateError: (title, message) => core.error(message, { title }),
    appendSummary: async (markdown) => {
      if (environment["GITHUB_STEP_SUMMARY"] === undefined) return;
      await core.summary.addRaw(markdown, true).write();
    },
    event: { name: context.eventName, payload: context.payload, sha: context.sha },
    environment,
  };
}

/** What programs that we start may see: inputs (a private key among them), state and request tokens are not theirs. */
function readEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries.filter(([name]) => !/^(INPUT|STATE|ACTIONS)_/.test(name)));
}
