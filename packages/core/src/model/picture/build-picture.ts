// From a Lab to what is drawn of it. Pure, and the same Lab gives the same picture whatever the order of its files.
import { RepxError } from "../errors.ts";
import type { JobId, RunName } from "../ids.ts";
import type { Lab, LabJob, ResourceHints } from "../lab.ts";
import { collectBoxes, isScatterGather, type Box } from "./boxes.ts";
import { drawRunDependencies, drawWires, type DrawnBox } from "./edges.ts";
import { countNoun, renderLabel } from "./label.ts";
import { renderJobParameters, renderParameters } from "./parameters.ts";
import { drawParts, type Parts } from "./parts.ts";
import { measureDepth } from "./measure-depth.ts";
import { describeRun, drawFrames } from "./runs.ts";
import type { Picture, PictureCluster, PictureEdge, PictureNode, PictureOptions, PictureText } from "./picture.ts";

/** What a reader sees when nothing else is asked for. */
export const PICTURE_DEFAULTS: PictureOptions = {
  detail: "stages",
  hasGroups: false,
  parameters: "few",
  hasIntraEdges: true,
  hasInterEdges: true,
};

const MOST_NODES = 500;
const MOST_EDGES = 2000;
/** From so many arrows on, names on them would cover each other. */
const MOST_NAMED_EDGES = 200;
const NOTHING_REUSED: ReadonlySet<JobId> = new Set();

/**
 * Builds the picture of runs of a Lab; jobs that are reused are counted apart. PICTURE_TOO_LARGE when nobody could read
 * it.
 */
export function buildPicture(
  lab: Lab,
  runs: readonly RunName[],
  options: PictureOptions = PICTURE_DEFAULTS,
  reused: ReadonlySet<JobId> = NOTHING_REUSED,
): Picture {
  const boxes = collectBoxes(lab, runs, options.detail === "jobs" ? "jobs" : "stages");
  const isOverview = options.detail === "runs";
  refuseCrowd(isOverview ? runs.length : boxes.length, MOST_NODES, options);
  const view: View = { lab, runs, options, reused, boxes };
  const drawn = isOverview ? [] : boxes.map((box) => ({ box, parts: drawBox(view, box) }));
  const absent = new Map<RunName, string>();
  const edges: PictureEdge[] = [
    ...drawn.flatMap(({ parts }) => parts.edges),
    ...drawWires(lab, drawn, options),
    ...(options.hasInterEdges ? drawBetweenRuns(view, drawn, absent) : []),
  ];
  const { clusters, nodes } = placeRuns(view, drawn);
  for (const [run, id] of absent) nodes.unshift(drawAbsentRun(run, id));
  refuseCrowd(nodes.length, MOST_NODES, options);
  refuseCrowd(edges.length, MOST_EDGES, options);
  const isNamed = edges.length <= MOST_NAMED_EDGES;
  const stages = new Set(boxes.map((box) => `${box.run} ${box.stage}`)).size;
  const jobs = boxes.reduce((total, box) => total + box.jobs.length, 0);
  return {
    title: `Lab ${lab.hash.slice(0, 8)}`,
    summary: [
      countNoun(runs.length, "run"),
      countNoun(stages, "stage"),
      countNoun(jobs, "job"),
      ...(isNamed ? [] : ["names of files left out"]),
    ].join(", "),
    depth: measureDepth(nodes, edges, clusters),
    clusters,
    nodes,
    edges: sortEdges(
      edges.map((edge) => (isNamed || edge.kind !== "data" ? edge : { ...edge, lines: [] })),
      [...clusters, ...nodes],
    ),
  };
}

/** All that a picture is made of. */
interface View {
  readonly lab: Lab;
  readonly runs: readonly RunName[];
  readonly options: PictureOptions;
  readonly reused: ReadonlySet<JobId>;
  readonly boxes: readonly Box[];
}

function nameRun(index: number): string {
  return `r${index}`;
}

/** Adds runs that are waited for and not drawn to `absent`. */
function drawBetweenRuns({ lab, runs }: View, drawn: readonly DrawnBox[], absent: Map<RunName, string>): PictureEdge[] {
  const placeOf = new Map(runs.map((run, index) => [run, nameRun(index)]));
  return runs.flatMap((run) =>
    drawRunDependencies(lab, run, drawn, (source) => {
      const place = placeOf.get(source) ?? absent.get(source) ?? `x${absent.size}`;
      if (!placeOf.has(source)) absent.set(source, place);
      return place;
    }),
  );
}

/** A run is a frame around its boxes; a node where it has none to draw. */
function placeRuns(
  view: View,
  drawn: readonly DrawnBox[],
): { readonly clusters: PictureCluster[]; readonly nodes: PictureNode[] } {
  const { lab, runs, options, boxes } = view;
  const frames = drawFrames(lab, runs, options.hasGroups);
  const clusters: PictureCluster[] = [...frames.clusters];
  const nodes: PictureNode[] = [];
  const boxesOf = Map.groupBy(boxes, (box) => box.run);
  const drawnOf = Map.groupBy(drawn, ({ box }) => box.run);
  for (const [index, run] of runs.entries()) {
    const cluster = nameRun(index);
    const text = describeRun(lab, run, boxesOf.get(run) ?? [], { id: cluster, ...frames.placeOf(run) });
    const own = drawnOf.get(run) ?? [];
    if (own.length === 0) nodes.push({ ...text, kind: "whole-run" });
    else clusters.push({ ...text, lines: text.lines.slice(0, 1), kind: "run" });
    for (const { box, parts } of own) {
      if (box.hasParts) clusters.push({ ...describeBox(view, box), kind: "scatter-gather", cluster });
      nodes.push(...parts.nodes.map((node) => ({ ...node, cluster: node.cluster ?? cluster })));
    }
  }
  return { clusters, nodes };
}

function refuseCrowd(total: number, most: number, options: PictureOptions): void {
  if (total <= most) return;
  const kind = most === MOST_EDGES ? "arrows" : options.detail;
  const smaller = {
    jobs: "Leave out --expand to draw a stage's jobs as one box, or name fewer runs.",
    stages: "Name fewer runs, or draw each run as one box with --runs.",
    runs: "Name fewer runs, or a @group of them.",
  };
  throw new RepxError("PICTURE_TOO_LARGE", `a picture of ${total} ${kind} is too large to read; at most ${most} fit`, {
    hint: smaller[options.detail],
  });
}

function drawBox(view: View, box: Box): Parts {
  if (box.hasParts) return drawParts(view.lab, box);
  const kind = view.options.detail === "jobs" ? "job" : "stage";
  return { nodes: [{ ...describeBox(view, box), kind }], edges: [], entryOf: () => box.id, exit: box.id };
}

function describeBox(view: View, box: Box): PictureText {
  const { lab, reused } = view;
  const jobs = findJobs(lab, box.jobs);
  const [first] = jobs;
  const count = countJobs(box.jobs, reused);
  const ids = box.jobs.length === 1 ? box.jobs : [];
  return {
    id: box.id,
    title: renderLabel(box.stage),
    lines:
      view.options.detail === "jobs"
        ? renderJobLines(view, box)
        : [count, ...renderParameters(jobs, view.options.parameters)],
    about: [
      `run ${box.run}`,
      count,
      ...ids,
      ...renderParameters(jobs, "all"),
      ...describeResources(first?.resource_hints),
      ...describeOutputs(first),
    ],
  };
}

function renderJobLines({ lab, options, reused }: View, { jobs, stageJobs }: Box): string[] {
  return jobs.flatMap((id) => {
    const job = lab.jobs.get(id);
    if (job === undefined) return [];
    return [
      `${id.slice(0, 8)}${reused.has(id) ? ", reused" : ""}`,
      ...(isScatterGather(job) ? ["scatter, steps, gather"] : []),
      ...renderJobParameters(job, findJobs(lab, stageJobs), options.parameters),
    ];
  });
}

function countJobs(ids: readonly JobId[], reused: ReadonlySet<JobId>): string {
  const known = ids.filter((id) => reused.has(id)).length;
  return known === 0 ? countNoun(ids.length, "job") : `${countNoun(ids.length, "job")}, ${known} reused`;
}

function findJobs(lab: Lab, ids: readonly JobId[]): LabJob[] {
  return ids.flatMap((id) => lab.jobs.get(id) ?? []);
}

function describeResources(hints: ResourceHints | null | undefined): string[] {
  const words = (["mem", "cpus", "time", "partition"] as const).flatMap((name) => {
    const value = hints?.[name];
    return value === null || value === undefined ? [] : [`${name} ${renderLabel(String(value), 24)}`];
  });
  return words.length === 0 ? [] : [words.join(", ")];
}

function describeOutputs(job: LabJob | undefined): string[] {
  const program = job?.executables[isScatterGather(job) ? "gather" : "main"];
  const names = Object.keys(program?.outputs ?? {}).toSorted();
  return names.length === 0 ? [] : [`makes ${renderLabel(names.join(", "), 80)}`];
}

function drawAbsentRun(run: RunName, id: string): PictureNode {
  return { id, kind: "absent", title: renderLabel(run), lines: ["not drawn"], about: ["a run that was not asked for"] };
}

function sortEdges(edges: readonly PictureEdge[], places: readonly { readonly id: string }[]): PictureEdge[] {
  const index = new Map(places.map(({ id }, at) => [id, at]));
  const order = (edge: PictureEdge): number =>
    (index.get(edge.from) ?? 0) * (places.length + 1) + (index.get(edge.to) ?? 0);
  return edges.toSorted((one, other) => order(one) - order(other));
}
