import { lstat, readlink } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { Lab, locateLab, type BuildProgress } from "@repx/core/lab";
import { RepxError } from "@repx/core/model";
import { showBuildLog } from "../build-log.ts";
import type { Command, CommandCall } from "../command.ts";
import { count } from "../count.ts";
import { renderTable } from "../render-table.ts";
import type { Screen } from "../screen.ts";

/** A first build may have much to fetch and to compile; whoever waits can end it. */
const DEADLINE_SECONDS = 7 * 24 * 3600;
const QUIET_MS = 5000;

/** Builds a flake's Lab. */
export const BUILD: Command = {
  name: "build",
  summary: "build a flake's Lab with Nix, and leave a link to it",
  description:
    "The link keeps the Lab from Nix's garbage collection. As with `nix build`, the flake's lock file is written " +
    "where an input is not locked yet.",
  operands: [
    {
      name: "FLAKE",
      summary: "a folder with a flake.nix, or a reference as `.#lab` (default .)",
      isOptional: true,
      kind: "folder",
    },
  ],
  flags: {
    "out-link": { short: "o", value: "PATH", kind: "file", summary: "where the link is left", fallback: "./result" },
  },
  examples: ["repx build", "repx build .#lab --out-link lab", "repx build github:repx/action --json"],
  run: runBuild,
};

async function runBuild(call: CommandCall): Promise<number> {
  const { screen, cwd, environment } = call;
  const link = resolve(cwd, call.text("out-link") ?? "result");
  await refuseTaken(link, relative(cwd, link));
  const reference = call.operands[0] ?? ".";
  const startedMs = performance.now();
  screen.showBar(`evaluating ${reference}`);
  const located = await locateLab({
    reference,
    environment,
    cwd,
    outLink: link,
    writesLockFile: true,
    deadlineSeconds: DEADLINE_SECONDS,
    onProgress: startProgress(screen),
  }).catch((error: unknown) => {
    showBuildLog(error, screen);
    throw error;
  });
  if (located.nixVersion === undefined) throw refuseReady(reference);
  const seconds = (performance.now() - startedMs) / 1000;
  await using lab = await Lab.open(located.folder);
  const jobs = new Set(lab.runs().flatMap((run) => run.jobIds)).size;
  if (call.isSet("json")) {
    const runs = lab.runs().map((run) => ({ name: run.name, jobs: run.jobIds.length }));
    const { hash, gitHash, version } = lab;
    const facts = { hash, gitHash, version, folder: located.folder, link, nixVersion: located.nixVersion, jobs, runs };
    screen.printJson(facts);
    return 0;
  }
  const title = screen.paint("bold", `Lab ${lab.hash.slice(0, 8)}`);
  screen.print(
    `${title}: ${count(lab.runs().length, "run")}, ${count(jobs, "job")} (Nix ${located.nixVersion}, ${seconds.toFixed(1)} s)`,
  );
  const rows = lab.runs().map((run) => [run.name, String(run.jobIds.length)]);
  for (const line of renderTable({ head: ["RUN", "JOBS"], rows, right: [1] }, screen)) screen.print(`  ${line}`);
  screen.print(`${relative(cwd, link)} -> ${await readlink(link)}`);
  return 0;
}

async function refuseTaken(link: string, shown: string): Promise<void> {
  const found = await lstat(link).catch(() => undefined);
  if (found === undefined || found.isSymbolicLink()) return;
  throw new RepxError("INPUT_INVALID", `${shown} is there, and is not a link that could be replaced`, {
    hint: "Move it away, or name another place with --out-link.",
  });
}

function refuseReady(reference: string): RepxError {
  return new RepxError("INPUT_INVALID", `${reference} is a Lab already`, {
    hint: `Look at it with \`repx list --lab ${reference}\`, or name the folder of its flake.`,
  });
}

/** A bar on a terminal; elsewhere a line every few seconds. */
function startProgress(screen: Screen): (progress: BuildProgress) => void {
  let saidMs = 0;
  return ({ done, expected, building }) => {
    const text = `building ${Math.min(done + 1, expected)} of ${expected}${building === undefined ? "" : `: ${building}`}`;
    screen.showBar(text);
    if (screen.isNoteTerminal || expected === 0 || performance.now() - saidMs < QUIET_MS) return;
    saidMs = performance.now();
    screen.note(text);
  };
}
