// The workloads over the lines, and who takes part in each.
import { basename, dirname, join } from "node:path";
import {
  keep,
  makeCat,
  makeRepx,
  makeRsync,
  makeRsyncAtomic,
  makeScp,
  makeTar,
  SAME_CIPHER,
  startCopies,
  startEmpty,
  type Contender,
  type Sending,
} from "./contenders.ts";
import type { EarlierStates } from "./earlier-states.ts";
import { countRoundTrips, startByteCount, type Figures } from "./figures.ts";
import { timeContenders } from "./rounds.ts";
import type { LineName, Stand } from "./stand.ts";
import type { TreeSet } from "./store-trees.ts";

/** What one scenario is measured with. */
export interface Bench {
  readonly stand: Stand;
  readonly states: EarlierStates;
}

export interface Outcome {
  /** Medians by contender. */
  readonly seconds: ReadonlyMap<string, number>;
  readonly figures?: Figures;
}

export interface Scenario {
  /** What is given to `--only`. */
  readonly name: string;
  readonly workload: string;
  readonly line: LineName;
  run(bench: Bench): Promise<Outcome>;
}

interface Plan {
  readonly rounds: number;
  readonly set: TreeSet;
  readonly contenders: readonly Contender[];
}

async function time({ rounds, set, contenders }: Plan): Promise<Outcome> {
  return { seconds: await timeContenders(contenders, rounds, set) };
}

async function startSending({ stand }: Bench, line: LineName, set: TreeSet): Promise<Sending> {
  return { stand, route: await stand.openRoute(line), before: startEmpty(stand), set };
}

async function runSmall(bench: Bench, line: LineName): Promise<Outcome> {
  const set = await bench.stand.workloads.small();
  const sending = await startSending(bench, line, set);
  const isFar = line !== "loopback";
  const whole = { ...set, folder: dirname(set.folder), names: [basename(set.folder)] };
  const contenders = [
    makeRsync(sending, "rsync -a", ["-a"]),
    makeRsync(sending, "rsync -az", ["-az"]),
    makeTar(sending),
    ...(isFar ? [] : [makeScp(sending)]),
    makeRepx(sending),
    ...(isFar
      ? []
      : [
          {
            ...makeRepx({ ...sending, set: whole }),
            name: "repx, one tree",
            arrival: (folder: string) => join(folder, "artifacts/store", whole.names[0] ?? ""),
          },
        ]),
  ];
  return time({ rounds: isFar ? 3 : 5, set, contenders });
}

async function runLarge(bench: Bench, line: LineName, kind: "noise" | "words"): Promise<Outcome> {
  const set = await bench.stand.workloads.large(kind);
  const sending = await startSending(bench, line, set);
  const rounds = line === "loopback" ? {} : { rounds: 1 };
  const cipher = ["-c", SAME_CIPHER];
  const near = [
    makeCat(sending, "cat | ssh cat"),
    makeCat(sending, "cat | ssh cat, same cipher", cipher),
    ...(kind === "noise" ? [makeScp(sending)] : []),
  ];
  const contenders = [
    makeRsync(sending, "rsync -a", ["-a"]),
    { ...makeRsync(sending, "rsync -a, same cipher", ["-a"], cipher), ...rounds },
    { ...makeRsync(sending, "rsync -az", ["-az"]), rounds: 1 },
    makeTar(sending, rounds.rounds),
    ...(line === "loopback" ? near : []),
    makeRepx(sending),
  ];
  return time({ rounds: 3, set, contenders });
}

/** A quarter of C: all of it takes rsync a minute and a half. */
async function runNarrow(bench: Bench): Promise<Outcome> {
  const set = await bench.stand.workloads.quarter();
  const sending = await startSending(bench, "100 Mbit/s", set);
  const contenders = [
    { ...makeRsync(sending, "rsync -a", ["-a"]), rounds: 1 },
    makeRsync(sending, "rsync -az", ["-az"]),
    makeRepx(sending),
  ];
  return time({ rounds: 2, set, contenders });
}

async function runChanged(bench: Bench, line: LineName): Promise<Outcome> {
  const { stand, states } = bench;
  const [old, set] = [await stand.workloads.small(), await stand.workloads.smallChanged()];
  const sending = await startSending(bench, line, set);
  const rsynced = { ...sending, before: startCopies(stand, await states.byRsync(old)) };
  const inCurrent = { ...sending, before: startCopies(stand, await states.byRsyncInCurrent(old)) };
  const pushed = { ...sending, before: startCopies(stand, await states.byRepx(old, "jobs")) };
  const contenders = [
    makeRsync(rsynced, "rsync -a", ["-a"]),
    makeRsync(rsynced, "rsync -az", ["-az"]),
    makeRsyncAtomic(inCurrent),
    makeTar(sending, 1),
    makeRepx(pushed, { place: "jobs" }),
  ];
  return time({ rounds: line === "loopback" ? 5 : 3, set, contenders });
}

async function runRenamed(bench: Bench, line: LineName): Promise<Outcome> {
  const { stand, states } = bench;
  const [old, set] = [await stand.workloads.small(), await stand.workloads.smallRenamed()];
  const sending = await startSending(bench, line, set);
  const rsynced = { ...sending, before: startCopies(stand, await states.byRsync(old)) };
  const pushed = { ...sending, before: startCopies(stand, await states.byRepx(old, "store")) };
  const sent = startByteCount(set);
  const contenders = [
    makeRsync(rsynced, "rsync -a", ["-a"]),
    makeRsync(rsynced, "rsync -az", ["-az"]),
    makeTar(sending, 1),
    makeRepx(pushed, { onPushed: (done) => sent.onPushed(done) }),
  ];
  const { seconds } = await time({ rounds: line === "loopback" ? 5 : 3, set, contenders });
  return { seconds, figures: await sent.readFigures() };
}

async function runSame(bench: Bench, line: LineName): Promise<Outcome> {
  const { stand, states } = bench;
  const set = await stand.workloads.small();
  const sending = await startSending(bench, line, set);
  const pushed = { ...sending, before: keep(await states.byRepx(set, "store")) };
  const rsynced = { ...sending, before: keep(await states.byRsync(set)) };
  const contenders = [makeRsync(rsynced, "rsync -a", ["-a"]), makeRepx(pushed)];
  const { seconds } = await time({ rounds: 5, set, contenders });
  return { seconds, figures: await countRoundTrips(pushed) };
}

const NEW_TREES = 3;

async function runMany(bench: Bench, line: LineName): Promise<Outcome> {
  const { stand, states } = bench;
  const set = await stand.workloads.many();
  const old = { ...set, names: set.names.slice(0, -NEW_TREES) };
  const sending = await startSending(bench, line, set);
  const rsynced = { ...sending, before: startCopies(stand, await states.byRsync(old)) };
  const pushed = { ...sending, before: startCopies(stand, await states.byRepx(old, "store")) };
  const contenders = [
    makeRsync(rsynced, "rsync -a", ["-a"]),
    makeRsync(rsynced, "rsync -az", ["-az"]),
    makeTar(sending, 1),
    makeRepx(pushed),
  ];
  return time({ rounds: line === "loopback" ? 5 : 3, set, contenders });
}

const FAR = "20 ms";

const describe = (workload: string, line: LineName, run: (bench: Bench, line: LineName) => Promise<Outcome>) => ({
  name: line === FAR ? `${workload}@20` : workload,
  workload,
  line,
  run: async (bench: Bench) => run(bench, line),
});

const onBoth = (workload: string, run: (bench: Bench, line: LineName) => Promise<Outcome>): Scenario[] => [
  describe(workload, "loopback", run),
  describe(workload, FAR, run),
];

/** Everything that is timed. */
export const SCENARIOS: readonly Scenario[] = [
  ...onBoth("A", runSmall),
  ...onBoth("B", async (bench, line) => runLarge(bench, line, "noise")),
  describe("C", "loopback", async (bench, line) => runLarge(bench, line, "words")),
  { name: "C@100Mbit", workload: "a quarter of C", line: "100 Mbit/s", run: runNarrow },
  ...onBoth("D", runChanged),
  ...onBoth("D2", runRenamed),
  ...onBoth("E", runSame),
  ...onBoth("F", runMany),
];
