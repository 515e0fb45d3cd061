// Evaluating and building a Lab, by its number of jobs, in fresh stores; beside it one derivation for each job.
import { join } from "node:path";
import { median, timeInTurns, type Area, type Measure } from "../scripts/measure.ts";
import { runCommand } from "../test/harness/command.ts";
import { startScratchFolder } from "../test/harness/scratch-folder.ts";
import { startFreshStore, type Built, type FreshStore } from "./fresh-store.ts";

const ROUNDS = 3;
/** Side of the square of combinations -> jobs, as the first stage has one parameter and the second one both. */
const SIDES = { one: 1, hundred: 10, thousand: 32, tenThousand: 100 };
const MIBIBYTE = 2 ** 20;
/**
 * A file system in memory: what is measured is Nix and this library. ext4 without a journal, as virtual machines have it, makes
 * files ten times slower for minutes after many were removed there, for instance by a test.
 */
const MEMORY = "/dev/shm";
const DISK = "/tmp";

const countJobs = (side: number) => side + side * side;
const renderLab = (side: number) => `lab { rows = ${side}; columns = ${side}; }`;
const renderDerivations = (side: number) => `derivations { rows = ${side}; columns = ${side}; }`;

interface Contender {
  readonly expression: string;
  /** One for each round; all are made before the first one is timed. */
  readonly stores: FreshStore[];
  readonly built: Built[];
}

async function startContender(folder: string, name: string, expression: string): Promise<Contender> {
  const stores = [];
  for (let round = 0; round < ROUNDS; round += 1) stores.push(await startFreshStore(join(folder, `${name}-${round}`)));
  return { expression, stores, built: [] };
}

async function startContenders(folder: string): Promise<ReadonlyMap<string, Contender>> {
  const expressions = {
    one: renderLab(SIDES.one),
    hundred: renderLab(SIDES.hundred),
    hundredDerivations: renderDerivations(SIDES.hundred),
    thousand: renderLab(SIDES.thousand),
    thousandDerivations: renderDerivations(SIDES.thousand),
    tenThousand: renderLab(SIDES.tenThousand),
  };
  const contenders = new Map<string, Contender>();
  for (const [name, expression] of Object.entries(expressions)) {
    contenders.set(name, await startContender(folder, name, expression));
  }
  return contenders;
}

async function buildNext({ expression, stores, built }: Contender): Promise<void> {
  const store = stores[built.length];
  if (store === undefined) throw new Error("a store for each round");
  built.push(await store.build(expression));
}

/** Seconds of eval and build together, by contender. */
async function timeBuilds(contenders: ReadonlyMap<string, Contender>): Promise<(name: string) => number> {
  const runs = [...contenders].map(([name, contender]) => [name, async () => buildNext(contender)] as const);
  const seconds = await timeInTurns(Object.fromEntries(runs), ROUNDS);
  return (name) => seconds.get(name) ?? Number.NaN;
}

function renderGrowth(seconds: (name: string) => number): Measure[] {
  const [one, hundred] = [seconds("one"), seconds("hundred")];
  const [thousand, tenThousand] = [seconds("thousand"), seconds("tenThousand")];
  const jobs = countJobs(SIDES.tenThousand) / countJobs(SIDES.thousand);
  const exponent = Math.log((tenThousand - one) / (thousand - one)) / Math.log(jobs);
  return [
    inform("a Lab of 2 jobs, the least", one),
    measure(`${countJobs(SIDES.hundred)} jobs above that`, hundred - one, "s", 1),
    inform(`a Lab of ${countJobs(SIDES.thousand)} jobs`, thousand),
    measure(`a Lab of ${countJobs(SIDES.tenThousand)} jobs`, tenThousand, "s", 6),
    measure("growth from 1,000 to 10,000 jobs, exponent", exponent, "", 1.2),
    measure(`${countJobs(SIDES.hundred)} jobs against derivations`, hundred / seconds("hundredDerivations"), "x", 1),
    measure(
      `${countJobs(SIDES.thousand)} jobs against derivations`,
      thousand / seconds("thousandDerivations"),
      "x",
      0.5,
    ),
  ];
}

/** What happens in a store that has the Lab already. */
async function measureAgain({ expression, stores, built }: Contender): Promise<Measure[]> {
  const [store, lab] = [stores[0], built[0]];
  if (store === undefined || lab === undefined) throw new Error("a Lab was built");
  const again = await store.build(expression);
  const changed = await store.build(`lab { rows = 100; columns = 100; last = 1000; }`);
  const copied = await store.build(`copy "${lab.output}"`);
  const plain = await timeCopy(store, lab);
  const peak = median(built.map(({ peakBytes }) => peakBytes)) / MIBIBYTE;
  const processor = median(built.map(({ processorSeconds }) => processorSeconds));
  const { length } = changed.derivations;
  return [
    measure("memory of nix for it", peak, "MiB", 1024),
    inform("processor time of nix and builders for it", processor),
    inform("the same again, nothing to do", again.seconds),
    inform("the same with one value changed", changed.seconds),
    { name: "derivations built for that", value: length, unit: "", bar: "exactly 1", holds: length === 1 },
    inform("`cp -r` of that Lab", plain),
    inform("what Nix itself adds to that copy", copied.seconds - plain),
  ];
}

/** Once, and with a plain copy beside it: a disk has its own mood. */
async function measureOnDisk(): Promise<Measure[]> {
  await using scratch = await startScratchFolder(DISK);
  const store = await startFreshStore(scratch.path);
  const lab = await store.build(renderLab(SIDES.tenThousand));
  return [
    inform("the same in a store on disk", lab.seconds),
    inform("`cp -r` of that Lab on disk", await timeCopy(store, lab)),
  ];
}

async function timeCopy(store: FreshStore, lab: Built): Promise<number> {
  const startedAt = performance.now();
  await runCommand(["cp", "-r", join(store.folder, lab.output), join(store.folder, "copied")], { timeoutSeconds: 100 });
  return (performance.now() - startedAt) / 1000;
}

function measure(name: string, value: number, unit: string, most: number): Measure {
  return { name, value, unit, bar: `at most ${most}${unit === "" ? "" : ` ${unit}`}`, holds: value <= most };
}

function inform(name: string, value: number): Measure {
  return { name, value, unit: "s", bar: "none", holds: true };
}

/** `npm run bench -- nix`. */
export const area: Area = {
  run: async () => {
    await using scratch = await startScratchFolder(MEMORY);
    const contenders = await startContenders(scratch.path);
    const seconds = await timeBuilds(contenders);
    const large = contenders.get("tenThousand");
    return [
      ...renderGrowth(seconds),
      ...(large === undefined ? [] : await measureAgain(large)),
      ...(await measureOnDisk()),
    ];
  },
};
