// Times contenders in turns; what is made ready before and looked at after is not in the time.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { median } from "../../scripts/measure.ts";
import { tryCommand } from "../../test/harness/command.ts";
import type { Contender } from "./contenders.ts";
import { COMMAND_SECONDS } from "./stand.ts";
import type { TreeSet } from "./store-trees.ts";

/** Seconds by contender: medians. What arrived in the first round must be what was sent. */
export async function timeContenders(
  contenders: readonly Contender[],
  rounds: number,
  set: TreeSet,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders.filter((one) => round < (one.rounds ?? rounds))) {
      const seconds = await timeContender(contender, round === 0 ? set : undefined);
      times.get(contender.name)?.push(seconds);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

async function timeContender(contender: Contender, compared: TreeSet | undefined): Promise<number> {
  const folder = await contender.prepare();
  try {
    const startedAt = performance.now();
    await contender.send(folder);
    const seconds = (performance.now() - startedAt) / 1000;
    if (compared !== undefined && contender.arrival !== undefined) {
      await compare(contender.name, compared, contender.arrival(folder));
    }
    return seconds;
  } finally {
    await contender.finish(folder);
  }
}

/** Every tree must be there as it is here. */
async function compare(name: string, set: TreeSet, arrival: string): Promise<void> {
  const there = new Set(await readdir(arrival));
  for (const tree of set.names) {
    if (!there.has(tree)) throw new Error(`${name} did not send ${tree}`);
    const argv = ["diff", "-r", "-q", "--no-dereference", join(set.folder, tree), join(arrival, tree)];
    const { exitCode, stdout } = await tryCommand(argv, { timeoutSeconds: COMMAND_SECONDS });
    if (exitCode !== 0) throw new Error(`${name} sent something else:\n${stdout.slice(0, 1000)}`);
  }
}
