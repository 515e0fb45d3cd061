import { expect, test } from "vitest";
import { renderGraphPicture } from "./render-graph-picture.ts";
import { RunName } from "../ids.ts";
import { makeReferenceLab, makeWideLab, startLab } from "./picture.fixture.ts";

const NOTHING = new Set<never>();

test("a job summary shows the picture that `repx viz` draws", () => {
  const lab = makeReferenceLab();
  const picture = renderGraphPicture(lab, [...lab.runs.keys()], NOTHING);
  expect(picture).toContain('"stage-G-multiarg-1.1<br/>64 jobs<br/>offset: 1, 2<br/>workload_args: 10 20 30, 5 15 25"');
});

test("a Lab with more arrows than GitHub draws is shown run by run", () => {
  const lab = makeWideLab(400, 2);
  expect(renderGraphPicture(lab, [...lab.runs.keys()], NOTHING).split("\n")).toEqual([
    "graph LR",
    expect.stringContaining('r0(["run-1<br/>200 jobs<br/>'),
    expect.stringContaining('r1(["run-2<br/>200 jobs<br/>'),
    '  r0 ==>|"hard"| r1',
  ]);
});

test("a Lab of more runs than anybody can read is told in one box", () => {
  const lab = startLab();
  for (let nth = 0; nth < 501; nth++) lab.addRun(RunName.parse(`run-${nth}`), [], []);
  const runs = [...lab.build().runs.keys()];
  expect(renderGraphPicture(lab.build(), runs, NOTHING)).toBe('graph LR\n  r0["501 runs: too many to draw here"]');
});
