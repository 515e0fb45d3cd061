import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Lab } from "@repx/core/lab";
import { buildPicture, RepxError, type Picture, type PictureOptions, type RunName } from "@repx/core/model";
import { chooseJobs } from "../choose-jobs.ts";
import { LAB_FLAGS, type Command, type CommandCall } from "../command.ts";
import { openLab } from "../open-lab.ts";
import { drawPicture } from "../picture/draw-picture.ts";
import { choosePictureFormat, isBinary, PICTURE_FORMATS, type PictureFormat } from "../picture/picture-format.ts";

/** Draws a Lab. */
export const VIZ: Command = {
  name: "viz",
  summary: "draw the stages of a Lab, and what they need of each other",
  description:
    "A box is a stage with the number of its jobs and the parameters that vary; a frame is a run, or a scatter-gather " +
    "stage. A solid arrow is a file, a thick one waits for all of a run with success, a dashed one however it ended.",
  operands: [
    {
      name: "NAME",
      summary: "a run, a @group, or the beginning of a run's name; all when not given",
      isOptional: true,
      isRepeatable: true,
      kind: "run",
    },
  ],
  flags: {
    ...LAB_FLAGS,
    output: { short: "o", value: "FILE", kind: "file", summary: "where to write; - is stdout", fallback: "-" },
    format: {
      short: "f",
      value: "FORMAT",
      choices: PICTURE_FORMATS,
      summary: "what to write",
      fallback: "by FILE's ending, mermaid on stdout",
    },
    runs: { summary: "draw each run as one box" },
    groups: { summary: "draw the groups around their runs" },
    "show-params": { summary: "show every parameter with its values" },
    "no-intra-edges": { summary: "leave out the arrows inside runs" },
    "no-inter-edges": { summary: "leave out the arrows between runs" },
    expand: { summary: "draw each job as a box" },
  },
  examples: [
    "repx viz -o lab.svg",
    "repx viz simulation --show-params -o simulation.pdf",
    "repx viz --runs --groups -o overview.png",
    "repx viz --format mermaid",
  ],
  run: runViz,
};

async function runViz(call: CommandCall): Promise<number> {
  const file = call.text("output") === "-" ? undefined : call.text("output");
  const format = choosePictureFormat(call.text("format"), file);
  refuseContradictions(call, file, format);
  const options = readOptions(call);
  await using lab = await openLab(call);
  const picture = buildPicture(lab.data, await chooseRuns(lab, call.operands), options);
  if (file === undefined && call.isSet("json")) call.screen.printJson(picture);
  else if (file === undefined) call.screen.write(await drawPicture(picture, format));
  else await writePicture(call, picture, { file, format });
  return 0;
}

function readOptions(call: CommandCall): PictureOptions {
  return {
    detail: call.isSet("runs") ? "runs" : call.isSet("expand") ? "jobs" : "stages",
    hasGroups: call.isSet("groups"),
    parameters: call.isSet("show-params") ? "all" : "few",
    hasIntraEdges: !call.isSet("no-intra-edges"),
    hasInterEdges: !call.isSet("no-inter-edges"),
  };
}

function refuseContradictions(call: CommandCall, file: string | undefined, format: PictureFormat): void {
  if (call.isSet("runs") && call.isSet("expand")) {
    throw new RepxError("INPUT_INVALID", "--runs draws whole runs, and --expand single jobs", {
      hint: "Leave one of them out.",
    });
  }
  if (file !== undefined) return;
  if (call.isSet("json") && call.isSet("format")) {
    throw new RepxError("INPUT_INVALID", "stdout takes the picture as JSON or in a format, not both", {
      hint: "Leave --json or --format out, or write the picture to a file: -o FILE --json.",
    });
  }
  if (isBinary(format) && call.screen.isTerminal) {
    throw new RepxError("INPUT_INVALID", `a terminal cannot show ${format}`, {
      hint: `Name a file: \`repx viz -o lab.${format}\`, or send it on: \`repx viz --format ${format} > lab.${format}\`.`,
    });
  }
}

/** Runs in the Lab's order; a job's name means the runs that it is in. */
async function chooseRuns(lab: Lab, names: readonly string[]): Promise<RunName[]> {
  const all = lab.runs().map((run) => run.name);
  if (names.length === 0) return all;
  const sections = (await Promise.all(names.map(async (name) => chooseJobs(lab, name)))).flat();
  const known = new Set<string>(all);
  const wanted = new Set<string>(
    sections.flatMap(({ title, jobs }) => (known.has(title) ? [title] : jobs.flatMap((job) => job.runs))),
  );
  return all.filter((name) => wanted.has(name));
}

async function writePicture(
  call: CommandCall,
  picture: Picture,
  { file, format }: { readonly file: string; readonly format: PictureFormat },
): Promise<void> {
  const content = await drawPicture(picture, format);
  await writeFile(resolve(call.cwd, file), content).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepxError("INPUT_INVALID", `the picture cannot be written to ${file}: ${reason}`, {
      hint: "Name a file in a folder that exists and that you may write to.",
      cause,
    });
  });
  const { summary, clusters, nodes, edges } = picture;
  if (call.isSet("json")) {
    const counts = { clusters: clusters.length, nodes: nodes.length, edges: edges.length };
    call.screen.printJson({ file, format, ...counts });
  } else call.screen.note(`${file}: ${summary}`);
}
