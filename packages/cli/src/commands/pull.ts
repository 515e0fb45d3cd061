import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { JobPart, Pulled, PullPreview, PullRequest } from "@repx/core/sync";
import type { Lab } from "@repx/core/lab";
import { RepxError, type JobId } from "@repx/core/model";
import { chooseJobs } from "../choose-jobs.ts";
import { LAB_FLAGS, type Command, type CommandCall } from "../command.ts";
import { openLab } from "../open-lab.ts";
import { CONNECT_FLAGS, describeTarget, openTarget, type OpenedTarget } from "../open-target.ts";
import { parseSize } from "../pull/parse-size.ts";
import { renderPulled } from "../pull/render-pulled.ts";
import { makeIdRenderer } from "../short-ids.ts";
import { openTransferLine } from "../transfer-line.ts";

const FALLBACKS = { to: "./results", "max-file": "100M", "max-size": "10G" } as const;

/** Fetches what jobs left on a target. */
export const PULL: Command = {
  name: "pull",
  summary: "fetch what jobs left on a target",
  description:
    "Without a name: of all jobs that succeeded. Files that are here with the same size and time are not fetched " +
    "again, and those that came are checked by their SHA-256. FOLDER then is a base path for the other commands: " +
    "`repx list jobs --target ./results`. The exit status is 1 when nothing fits, or a named job has left nothing.",
  operands: [
    {
      name: "NAME",
      summary: "a run, a @group, or the beginning of a run's name or of a job's id",
      isOptional: true,
      isRepeatable: true,
      kind: "run",
    },
  ],
  flags: {
    ...LAB_FLAGS,
    ...CONNECT_FLAGS,
    to: { value: "FOLDER", kind: "folder", summary: "where the results come to", fallback: FALLBACKS.to },
    match: {
      short: "m",
      value: "PATTERN",
      isRepeatable: true,
      summary: "only outputs whose path in the output folder fits; * and ? stand for any characters, / as well",
    },
    logs: { summary: "fetch logs and records, too" },
    "max-file": { value: "SIZE", summary: "leave larger files out", fallback: FALLBACKS["max-file"] },
    "max-size": { value: "SIZE", summary: "fetch nothing when it is more than this", fallback: FALLBACKS["max-size"] },
    "dry-run": { short: "n", summary: "tell what would come, and fetch nothing" },
  },
  examples: [
    "repx pull",
    "repx pull analysis --target cluster --to ./results --logs",
    "repx pull @all --match metrics.json --match '*.csv'",
    "repx pull simulation --max-file 2G --max-size 50G --dry-run",
  ],
  run: runPull,
};

async function runPull(call: CommandCall): Promise<number> {
  const limits = {
    maxFileBytes: parseSize(call.text("max-file") ?? FALLBACKS["max-file"], "max-file"),
    maxTotalBytes: parseSize(call.text("max-size") ?? FALLBACKS["max-size"], "max-size"),
  };
  const folder = call.text("to") ?? FALLBACKS.to;
  const base = resolve(call.cwd, folder);
  await using lab = await openLab(call);
  const jobs = await choosePullJobs(lab, call.operands);
  await using opened = await openTarget(call);
  await refuseItself(opened, base);
  const parts: readonly JobPart[] = call.isSet("logs") ? ["out", "repx"] : ["out"];
  const match = call.texts("match");
  const request: PullRequest = {
    basePath: opened.target.basePath,
    destination: join(base, "outputs"),
    jobs,
    parts,
    isSucceededOnly: call.operands.length === 0,
    ...limits,
    ...(match.length === 0 ? {} : { match }),
  };
  const end = await pullOrPreview(call, opened, request);
  const sentBytes = "sentBytes" in end ? end.sentBytes : undefined;
  if (call.isSet("json")) {
    const target = describeTarget(opened, opened.transport);
    call.screen.printJson({ folder: base, target, dryRun: call.isSet("dry-run"), ...end });
  } else {
    const renderId = makeIdRenderer(call.screen, lab.data.jobs.keys());
    const told = renderPulled({ preview: end, sentBytes, jobs: jobs.length, folder, renderId });
    for (const line of told) call.screen.print(line);
  }
  return judge(end, request.isSucceededOnly === true);
}

/** Every job once, in the Lab's order of runs. */
async function choosePullJobs(lab: Lab, names: readonly string[]): Promise<JobId[]> {
  const asked = names.length === 0 ? [undefined] : names;
  const sections = (await Promise.all(asked.map(async (name) => chooseJobs(lab, name)))).flat();
  return [...new Set(sections.flatMap(({ jobs }) => jobs.map(({ id }) => id)))];
}

/** Into itself: markers that come last would be removed first. */
async function refuseItself({ target }: OpenedTarget, base: string): Promise<void> {
  if (target.address !== undefined) return;
  const [there, here] = await Promise.all(
    [target.basePath, base].map(async (path) => realpath(path).catch(() => undefined)),
  );
  if (there === undefined || there !== here) return;
  throw new RepxError("INPUT_INVALID", `${base} is the target's own base path`, {
    hint: "Name another folder with --to; what is in it needs no pull.",
  });
}

async function pullOrPreview(
  call: CommandCall,
  { transport }: OpenedTarget,
  request: PullRequest,
): Promise<PullPreview | Pulled> {
  const { previewPull, pullOutputs } = await import("@repx/core/sync");
  if (call.isSet("dry-run")) return previewPull(transport, request);
  const line = openTransferLine(call.screen);
  try {
    return await pullOutputs(transport, { ...request, onProgress: (progress) => line.show(progress) });
  } finally {
    line.close();
  }
}

function judge({ files, skippedFiles, missingJobs }: PullPreview, isSucceededOnly: boolean): number {
  const isEmpty = files + skippedFiles === 0;
  return isEmpty || (!isSucceededOnly && missingJobs.length > 0) ? 1 : 0;
}
