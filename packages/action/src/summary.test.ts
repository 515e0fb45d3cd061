import type { RegisteredOutcome } from "@repx/core";
import { JobId, LabHash, RepxError, RunName, SubmissionId } from "@repx/core/model";
import { expect, test } from "vitest";
import { readFollowing, renderFailure, renderRows, renderSummary, renderVerdicts } from "./summary.ts";

const id = (nth: number, stage: string): JobId => JobId.parse(`${String(nth).padStart(32, "0")}-${stage}`);
const [first, second, sum] = [id(1, "threshold-1.0"), id(2, "threshold-1.0"), id(3, "summary-1.0")];
const job = (of: JobId, dependsOn: JobId[], isReused: boolean) =>
  [of, { id: of, stage: of.slice(33), parameters: {}, dependsOn, isReused }] as const;

const runs = [
  { name: RunName.parse("simulation"), jobs: [first, second] },
  { name: RunName.parse("analysis"), jobs: [sum] },
];

type Lab = RegisteredOutcome["lab"];

function makeLab(): Lab {
  const wires = [first, second].map((from) => ({ job_id: from, source_output: "cluster", target_input: "cluster" }));
  const makeJob = (of: JobId, params: Record<string, number>, inputs: typeof wires) => {
    const main = { path: `jobs/${of}/bin/main`, inputs, outputs: { cluster: "$out/cluster" } };
    return [of, { name: of.slice(33), stage_type: "simple", params, executables: { main } }] as const;
  };
  const hash = LabHash.parse("0c3f6w9x");
  return {
    hash,
    gitHash: "d34db33f",
    manifest: { labId: hash, lab_version: "1.0.0", metadata: "revision/metadata-top.json", files: [] },
    runs: new Map(
      runs.map(({ name, jobs }) => [
        name,
        { name, jobIds: jobs, metadataPath: `revision/metadata-${name}.json`, dependencies: new Map() },
      ]),
    ),
    groups: new Map(),
    jobs: new Map([
      makeJob(first, { lattice_size: 32 }, []),
      makeJob(second, { lattice_size: 64 }, []),
      makeJob(sum, {}, wires),
    ]),
    storePaths: [],
  };
}

const SUBMISSION = SubmissionId.parse("s0123456789abcdefghijklmno");

const outcome: RegisteredOutcome = {
  id: SUBMISSION,
  registration: { id: SUBMISSION, token: "never shown", url: "https://github.com/lab/percolation/pull/7/checks" },
  labHash: LabHash.parse("0c3f6w9x"),
  target: "cluster",
  lab: makeLab(),
  runs,
  jobs: new Map([job(first, [], true), job(second, [], false), job(sum, [first, second], false)]),
  submitted: 2,
  shared: 0,
};

test("the job summary of a submission reads as agreed", async () => {
  await expect(renderSummary(outcome, "coordinator")).toMatchFileSnapshot("golden/summary.golden.md");
});

test("without a coordinator the summary says who follows the jobs, or that nobody does", () => {
  const alone = { ...outcome, registration: undefined };
  expect([readFollowing(outcome, false), readFollowing(alone, true), readFollowing(alone, false)]).toEqual([
    "coordinator",
    "step",
    "nobody",
  ]);
  expect(readFollowing({ ...alone, submitted: 0 }, false)).toBe("step");
  expect(renderSummary(alone, "step")).toContain("this step follows them to their end");
  expect(renderSummary(alone, "nobody")).toContain(`\`repx status ${outcome.id} --target cluster\``);
});

test("the submission's token is not in the summary", () => {
  expect(renderSummary(outcome, "coordinator")).not.toContain("never shown");
});

test("a title of the coordinator's stays in its cell", () => {
  const summary = renderVerdicts([{ name: "simulation", title: "failed: 1 of 2 jobs | <b> @team" }]);
  expect(summary).toContain("| simulation | failed: 1 of 2 jobs \\| &lt;b&gt; @\u200bteam |");
});

test("an error's words cannot leave their block", () => {
  const error = new RepxError("NIX_BUILD_FAILED", "``` <img src=x>\n# heading", { hint: "`nix log x`" });
  expect(renderFailure(error)).toContain("````text\n``` <img src=x>\n# heading\n````");
});

test("what stands in a table's rows cannot leave its cell", () => {
  const text = renderRows("Head.", ["id", "what"], [["s1", "a | b\n## c `d`"]]);
  expect(text.split("\n").at(-2)).toBe("| `s1` | `` a \u2502 b ## c `d` `` |");
});
