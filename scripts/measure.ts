/** One figure of a benchmark; `bar` is what is asked of it, as text, and `holds` whether it is met. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: string;
  readonly holds: boolean;
  /** Where it stands in a table of its own, beside what it compares with; in the list when not given. */
  readonly cell?: Cell;
}

/** A place in a table that has no bars. */
export interface Cell {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** A benchmark of one area: `bench/<area>.bench.ts` exports it as `area`. */
export interface Area {
  /** Names of what can be measured by itself; none when it is one whole. */
  readonly parts?: readonly string[];
  /** Measures everything, or these parts only. */
  run(only?: readonly string[]): Promise<readonly Measure[]>;
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

/** Renders the measures: a list of those that stand for themselves, then the tables. */
export function renderMeasures(area: string, machine: string, measures: readonly Measure[]): string {
  const listed = measures.filter(({ cell }) => cell === undefined);
  const list = listed.map((one) => [one.name, renderValue(one), one.bar, one.holds ? "yes" : "NO"]);
  const parts = listed.length === 0 ? [] : [renderColumns([["measure", "value", "bar", "holds"], ...list])];
  const inTables = Map.groupBy(
    measures.filter(({ cell }) => cell !== undefined),
    ({ cell }) => cell?.table ?? "",
  );
  for (const [title, cells] of inTables) parts.push(renderColumns(arrangeCells(title, cells)));
  return `${area}: ${machine}\n\n${parts.join("\n\n")}\n`;
}

/** Rows and columns in the order in which they first come. */
function arrangeCells(title: string, measures: readonly Measure[]): string[][] {
  const columns = [...new Set(measures.map(({ cell }) => cell?.column ?? ""))];
  const rows = Map.groupBy(measures, ({ cell }) => cell?.row ?? "");
  const find = (cells: readonly Measure[], column: string) => cells.find(({ cell }) => cell?.column === column);
  return [
    [title, ...columns],
    ...[...rows].map(([row, cells]) => [
      row,
      ...columns.map((column) => {
        const found = find(cells, column);
        return found === undefined ? "" : renderValue(found);
      }),
    ]),
  ];
}

function renderValue({ value, unit }: Measure): string {
  return `${Number(value.toPrecision(4))} ${unit}`.trimEnd();
}

function renderColumns(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}
