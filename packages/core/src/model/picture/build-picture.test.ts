import { expect, test } from "vitest";
import { buildPicture, PICTURE_DEFAULTS } from "./build-picture.ts";
import { RunName } from "../ids.ts";
import type { Lab } from "../lab.ts";
import {
  ANALYSIS,
  makeReferenceLab,
  makeSweepLab,
  makeWideLab,
  SIMULATION,
  startLab,
  type FixtureWire,
} from "./picture.fixture.ts";
import type { Picture, PictureOptions } from "./picture.ts";

function draw(
  lab: Lab,
  options: Partial<PictureOptions> = {},
  runs: readonly RunName[] = [...lab.runs.keys()],
): Picture {
  return buildPicture(lab, runs, { ...PICTURE_DEFAULTS, ...options });
}

function findPlace(picture: Picture, title: string): Picture["nodes"][number] | Picture["clusters"][number] {
  const found = [...picture.clusters, ...picture.nodes].find((place) => place.title === title);
  if (found === undefined) throw new Error(`nothing is called ${title}`);
  return found;
}

function listArrows(picture: Picture): string[] {
  const titles = new Map([...picture.clusters, ...picture.nodes].map((place) => [place.id, place.title]));
  return picture.edges.map(
    (edge) => `${titles.get(edge.from)} ${edge.kind} ${titles.get(edge.to)}: ${edge.lines.join(" ")}`,
  );
}

test("a stage is one box with the number of its jobs, in a frame of its run", () => {
  const picture = draw(makeReferenceLab());
  const [stage, run] = [findPlace(picture, "stage-G-multiarg-1.1"), findPlace(picture, SIMULATION)];
  expect(stage).toMatchObject({ kind: "stage", cluster: run.id });
  expect(stage.lines[0]).toBe("64 jobs");
  expect(run).toMatchObject({ kind: "run", lines: ["152 jobs"] });
  expect(picture.summary).toBe("2 runs, 9 stages, 153 jobs");
});

test("a sweep of 10,000 jobs is drawn as two boxes", () => {
  const picture = draw(makeSweepLab(5000));
  expect(picture.nodes.map((node) => node.lines)).toEqual([
    ["5,000 jobs", "seed: 0 \u2026 70 (71 values)", "temperature: 0 \u2026 7 (71 values)"],
    ["5,000 jobs", "seed: 0 \u2026 70 (71 values)"],
  ]);
});

test("few parameters are shown in short, and only those that vary", () => {
  const { lines } = findPlace(draw(makeReferenceLab()), "stage-A-producer-1.1");
  expect(lines).toEqual(["4 jobs", "offset: 1, 2", "template_dir: 2 values"]);
});

test("all parameters are shown when asked for, store paths by their names", () => {
  const { lines } = findPlace(draw(makeReferenceLab(), { parameters: "all" }), "stage-A-producer-1.1");
  expect(lines).toEqual([
    "4 jobs",
    "nix_tool_bin = hello-2.12/bin",
    "offset: 1, 2",
    "template_dir: source/headers-a, source/headers-b",
  ]);
});

test("a scatter-gather stage is a frame of its scatter, the graph of its steps and its gather", () => {
  const picture = draw(makeReferenceLab());
  const frame = findPlace(picture, "stage-D-partial-sums-1.1");
  expect(frame.kind).toBe("scatter-gather");
  const inside = picture.nodes.filter((node) => node.cluster === frame.id);
  expect(inside.map((node) => `${node.kind} ${node.title}`)).toEqual([
    "scatter scatter",
    "step combine",
    "step double",
    "step extract",
    "step square",
    "gather gather",
  ]);
  expect(listArrows(picture)).toEqual(
    expect.arrayContaining([
      "scatter data extract: work items",
      "extract data square: number",
      "square data combine: squared",
      "combine data gather: partial_sum",
      "gather data stage-E-total-sum-1.1: data__partial_sums",
    ]),
  );
});

test("an arrow has the output's name, and the input's where it is another", () => {
  expect(listArrows(draw(makeReferenceLab()))).toEqual(
    expect.arrayContaining([
      "stage-A-producer-1.1 data stage-C-consumer-1.1: data_a",
      "stage-B-producer-1.1 data stage-C-consumer-1.1: raw_output \u2192 list_b",
    ]),
  );
});

test("what a step reads beside the scatter is one arrow, to the scatter", () => {
  const into = listArrows(draw(makeReferenceLab())).filter((arrow) => arrow.startsWith("stage-C-consumer-1.1"));
  expect(into).toEqual(["stage-C-consumer-1.1 data scatter: combined_list \u2192 number_list_file"]);
});

test("a run that is waited for is an arrow to the stage that reads it", () => {
  expect(listArrows(draw(makeReferenceLab()))).toContain(
    "simulation-run soft stage-analysis-1.1: soft metadata__simulation-run",
  );
});

test("a run that no stage reads is waited for by the whole run", () => {
  const arrows = listArrows(draw(makeWideLab(6, 3)));
  expect(arrows.filter((arrow) => arrow.startsWith("run-"))).toEqual([
    "run-1 hard run-2: hard",
    "run-2 soft run-3: soft",
  ]);
});

test("a run that was not asked for is told, not drawn", () => {
  const picture = draw(makeReferenceLab(), {}, [ANALYSIS]);
  expect(findPlace(picture, SIMULATION)).toMatchObject({ kind: "absent", lines: ["not drawn"] });
  expect(picture.nodes).toHaveLength(2);
});

test("arrows inside and between runs can be left out", () => {
  const lab = makeReferenceLab();
  expect(listArrows(draw(lab, { hasInterEdges: false })).join("\n")).not.toContain("soft");
  const between = listArrows(draw(lab, { hasIntraEdges: false })).filter((arrow) => arrow.includes("stage-"));
  expect(between).toEqual(["simulation-run soft stage-analysis-1.1: soft metadata__simulation-run"]);
});

test("groups are frames inside one another", () => {
  const picture = draw(makeReferenceLab(), { hasGroups: true });
  const [all, compute] = [findPlace(picture, "@all"), findPlace(picture, "@compute")];
  expect(compute.cluster).toBe(all.id);
  expect(findPlace(picture, SIMULATION).cluster).toBe(compute.id);
  expect(findPlace(picture, ANALYSIS).cluster).toBe(all.id);
});

test("a group that overlaps with another is told beside its runs", () => {
  const lab = makeWideLab(3, 3);
  const [one, two, three] = lab.runs.keys();
  if (one === undefined || two === undefined || three === undefined) throw new Error("three runs were asked for");
  const groups = new Map([
    ["left", [one, two]],
    ["right", [two, three]],
  ]);
  const picture = draw({ ...lab, groups }, { hasGroups: true });
  expect(picture.clusters.filter((cluster) => cluster.kind === "group").map((cluster) => cluster.title)).toEqual([
    "@left",
  ]);
  expect(findPlace(picture, "run-3").lines).toEqual(["1 job; also @right"]);
});

test("each run is one box in an overview", () => {
  const picture = draw(makeReferenceLab(), { detail: "runs" });
  expect(picture.nodes.map((node) => [node.kind, node.title, node.lines.length])).toEqual([
    ["whole-run", SIMULATION, 8],
    ["whole-run", ANALYSIS, 2],
  ]);
  expect(listArrows(picture)).toEqual(["simulation-run soft analysis-run: soft"]);
});

test("each job is a box when expanded, with its own values", () => {
  const picture = draw(makeSweepLab(4), { detail: "jobs" });
  expect(picture.nodes).toHaveLength(8);
  expect(picture.nodes[0]?.lines).toEqual(["00000000", "seed = 0", "temperature = 0"]);
});

test("too many jobs to read are refused with what to do", () => {
  expect(() => draw(makeSweepLab(5000), { detail: "jobs" })).toThrow(
    expect.objectContaining({ code: "PICTURE_TOO_LARGE", hint: expect.stringContaining("--expand") }),
  );
  expect(() => draw(makeWideLab(600, 1))).toThrow(
    expect.objectContaining({ code: "PICTURE_TOO_LARGE", hint: expect.stringContaining("--runs") }),
  );
});

test("a picture of very many arrows leaves their names out, and says so", () => {
  const picture = draw(makeWideLab(150, 1));
  expect(picture.summary).toBe("1 run, 150 stages, 150 jobs, names of files left out");
  expect(picture.edges.flatMap((edge) => edge.lines)).toEqual([]);
});

test("a job of two runs is drawn in the first, and the second says so", () => {
  const lab = startLab();
  const common = lab.add({ stage: "common-1.0" });
  const [first, second] = [RunName.parse("first"), RunName.parse("second")];
  lab.addRun(first);
  const own = lab.add({ stage: "own-1.0", wires: [[common, "out"]] });
  lab.addRun(second, [], [common, own]);
  const picture = draw(lab.build());
  expect(findPlace(picture, "second").lines).toEqual(["2 jobs, 1 drawn in an earlier run"]);
  expect(listArrows(picture)).toEqual(["common-1.0 data own-1.0: out"]);
});

test("reused jobs are counted apart", () => {
  const lab = makeSweepLab(4);
  const reused = new Set([...lab.jobs.keys()].slice(0, 3));
  const picture = buildPicture(lab, [...lab.runs.keys()], PICTURE_DEFAULTS, reused);
  expect(picture.nodes.map((node) => node.lines[0])).toEqual(["4 jobs, 2 reused", "4 jobs, 1 reused"]);
});

test("the picture does not depend on the order in which a Lab lists its jobs", () => {
  const lab = makeReferenceLab();
  const turned: Lab = {
    ...lab,
    jobs: new Map([...lab.jobs].toReversed()),
    runs: new Map([...lab.runs].map(([name, run]) => [name, { ...run, jobIds: run.jobIds.toReversed() }])),
  };
  expect(draw(turned)).toEqual(draw(lab));
});

test("stages whose jobs feed each other are drawn all the same", () => {
  const lab = startLab();
  let before: FixtureWire[] = [];
  for (const stage of ["even-1.0", "odd-1.0", "even-1.0", "odd-1.0"])
    before = [[lab.add({ stage, wires: before }), "out"]];
  lab.addRun(SIMULATION);
  expect(listArrows(draw(lab.build())).toSorted()).toEqual([
    "even-1.0 data odd-1.0: out",
    "odd-1.0 data even-1.0: out",
  ]);
});
