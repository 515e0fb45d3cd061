// Sweeps of ten thousand jobs in two stages, as the plan hands them to the scheduler.
import { JobId } from "../../packages/core/src/model/ids.ts";
import type { SchedulableJob } from "../../packages/core/src/schedule/batches.ts";
import type { JobFiles } from "../../packages/core/src/schedule/submission-files.ts";

/** Who waits for whom: for each job of the second stage the numbers of those in the first, from 0. */
export interface Shape {
  readonly name: string;
  readonly first: number;
  readonly second: number;
  readonly waits: (nth: number) => readonly number[];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const JOB_BY_JOB: Shape = {
  name: "5,000 simulations, an analysis of each",
  first: 5000,
  second: 5000,
  waits: (nth) => [nth],
};
export const OTHER_SHAPES: readonly Shape[] = [
  { name: "1 preparation, 9,999 simulations of it", first: 1, second: 9999, waits: () => [0] },
  {
    name: "909 points of 10 repetitions, a mean of each point",
    first: 9090,
    second: 909,
    waits: (nth) => range(10).map((one) => nth * 10 + one),
  },
  { name: "9,999 simulations, one sum", first: 9999, second: 1, waits: () => range(9999) },
  { name: "100 rows, 100 columns of each", first: 100, second: 10_000, waits: (nth) => [Math.floor(nth / 100)] },
];

/** `salt` makes the ids those of this sweep alone. */
export function makeSweep({ first, second, waits }: Shape, salt: number): SchedulableJob[] {
  const name = (nth: number, stage: string) =>
    JobId.parse(`${String(salt * 100_000 + nth).padStart(32, "0")}-${stage}`);
  const sources = range(first).map((nth) => name(nth, "simulate-1.0"));
  return [
    ...sources.map((id) => ({ ...describe(id, "simulate-1.0"), dependsOn: [] })),
    ...range(second).map((nth) => ({
      ...describe(name(first + nth, "analyse-1.0"), "analyse-1.0"),
      dependsOn: waits(nth).flatMap((source) => {
        const id = sources[source];
        return id === undefined ? [] : [{ id, kind: "hard" as const }];
      }),
    })),
  ];
}

function describe(id: JobId, stage: string): Omit<SchedulableJob, "dependsOn"> {
  return {
    id,
    stage,
    executable: `jobs/${id}/bin/run`,
    resources: { mem: "100M", time: "00:10:00", sbatchOpts: [] },
  };
}

/** Documents of the size that those of a small experiment have. */
export function describeDocuments({ id, stage, resources, dependsOn }: SchedulableJob, basePath: string): JobFiles {
  const sha256 = "0".repeat(64);
  const parameters = { seed: Number(id.slice(20, 32)), probability: 0.592_746, size: 256 };
  const job = {
    id,
    stage,
    parameters,
    dependsOn: dependsOn.map((one) => one.id),
    executable: { path: `jobs/${id}/bin/run`, sha256 },
    lab: "0123456789abcdef0123456789abcdef",
    commit: "0".repeat(40),
    target: "cluster",
    runtime: "native",
    resources,
  };
  const inputs = Object.fromEntries(
    dependsOn.map((one, index) => [`input${index}`, `${basePath}/outputs/${one.id}/out/threshold.tsv`]),
  );
  return { job, inputs, parameters };
}
