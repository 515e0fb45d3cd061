/** One figure of a benchmark; `bar` is what is asked of it, as text, and `holds` whether it is met. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: string;
  readonly holds: boolean;
}

/** A benchmark of one area: `bench/<area>.bench.ts` exports it as `area`. */
export interface Area {
  run(): Promise<readonly Measure[]>;
}

/** Reads the area out of a loaded module. */
export function parseArea(module: unknown): Area {
  if (typeof module === "object" && module !== null && "area" in module) {
    if (isArea(module.area)) return module.area;
  }
  throw new Error("a benchmark exports `area` with a function `run`");
}

function isArea(value: unknown): value is Area {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "function";
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error("the median of nothing");
  return (low + high) / 2;
}

/** Times contenders in turns, so that what else the machine does meets them alike; medians in seconds by name. */
export async function timeInTurns(
  contenders: Readonly<Record<string, () => Promise<void>>>,
  rounds: number,
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(contenders)) {
      const startedAt = performance.now();
      await run();
      times.get(name)?.push((performance.now() - startedAt) / 1000);
    }
  }
  return new Map([...times].map(([name, values]) => [name, median(values)]));
}

/** Renders the measures as a table. */
export function renderMeasures(area: string, machine: string, measures: readonly Measure[]): string {
  const rows = measures.map(({ name, value, unit, bar, holds }) => [
    name,
    `${Number(value.toPrecision(4))} ${unit}`,
    bar,
    holds ? "yes" : "NO",
  ]);
  const table = [["measure", "value", "bar", "holds"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${area}: ${machine}\n\n${lines.join("\n")}\n`;
}
