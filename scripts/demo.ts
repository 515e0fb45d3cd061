// The main job on one machine, with real components: `npm run demo`.
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { REPOSITORY_ROOT } from "../test/harness/repository-root.ts";
import { lockFolder } from "./lock-folder.ts";
import { playStory, type StoryResult } from "./demo-story.ts";
import { openTerminal } from "./terminal.ts";

const HELP = `npm run demo [-- OPTIONS]

Starts a GitHub emulator, the coordinator in workerd, a SLURM cluster and an sshd
on loopback, opens a pull request with examples/parameter-sweep and runs the
Action on it as a runner would. A second run finds every job done.

  --keep    leave the services up at the end and print their addresses
  --fresh   forget what earlier demos left (results, Nix store) first
  --json    print one JSON object at the end instead of the report
  --help    this text

Examples
  npm run demo
  npm run demo -- --keep
  npm run demo -- --fresh --json
`;

function parseOptions(): { keep: boolean; fresh: boolean; json: boolean; help: boolean } {
  const flag = { type: "boolean", default: false } as const;
  return parseArgs({ options: { keep: flag, fresh: flag, json: flag, help: flag } }).values;
}

/** One folder a checkout, outside of it: the cluster's user must be able to enter, and socket paths must be short. */
function nameFolder(): string {
  const mark = createHash("sha256").update(REPOSITORY_ROOT).digest("hex").slice(0, 8);
  return `/var/tmp/repx-demo-${mark}`;
}

async function main(): Promise<number> {
  const options = parseOptions();
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort(signal));
  const folder = nameFolder();
  await using lock = await lockFolder(folder, { isFresh: options.fresh });
  const terminal = openTerminal(options.json ? process.stderr : process.stdout);
  const result = await playStory({ folder: lock.folder, keep: options.keep, terminal, signal: stop.signal });
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return readExitCode(result, stop.signal);
}

function readExitCode(result: StoryResult | undefined, signal: AbortSignal): number {
  if (result?.isPassed === true) return 0;
  return signal.aborted ? 130 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  process.stderr.write(
    isUsage
      ? `${error.message}\n\n${HELP}`
      : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = isUsage ? 2 : 1;
}
