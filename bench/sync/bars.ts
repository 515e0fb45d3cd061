// What is asked of the figures.
import type { Measure } from "../../scripts/measure.ts";
import type { Peak } from "./memory.ts";
import type { Outcome, Scenario } from "./scenarios.ts";

interface Bar {
  readonly scenario: string;
  readonly name: string;
  readonly against: string;
  /** Undefined where the ratio is only told. */
  readonly most?: number;
}

const ATOMIC = "rsync -a --link-dest + rename";
const SAME = "rsync -a, same cipher";

const BARS: readonly Bar[] = [
  { scenario: "A", name: "A cold small files", against: "rsync -a", most: 0.8 },
  { scenario: "B", name: "B 1 GiB of noise", against: "rsync -a", most: 1 },
  { scenario: "B", name: "B 1 GiB of noise", against: SAME },
  { scenario: "C", name: "C 1 GiB of words", against: "rsync -a", most: 1 },
  { scenario: "C", name: "C 1 GiB of words", against: SAME },
  { scenario: "C@100Mbit", name: "C at 100 Mbit/s, 256 MiB of it", against: "rsync -a", most: 0.4 },
  { scenario: "D2", name: "D2 1 % changed, new names", against: "rsync -a", most: 0.5 },
  { scenario: "D", name: "D 1 % changed in place, atomic", against: ATOMIC, most: 0.35 },
  { scenario: "E", name: "E nothing changed", against: "rsync -a", most: 0.5 },
  { scenario: "F", name: "F 3 of 200 store paths", against: "rsync -a", most: 0.55 },
  { scenario: "A@20", name: "A at 20 ms", against: "rsync -a", most: 0.65 },
  { scenario: "B@20", name: "B at 20 ms", against: "rsync -a", most: 0.6 },
  { scenario: "D2@20", name: "D2 at 20 ms", against: "rsync -a", most: 0.45 },
  { scenario: "E@20", name: "E at 20 ms", against: "rsync -a", most: 0.35 },
  { scenario: "F@20", name: "F at 20 ms", against: "rsync -a", most: 0.5 },
];

const FIGURE_BARS: Readonly<Record<string, number>> = {
  "bytes sent against changed files": 2,
  "round trips after the handshake": 6,
};

const MEGABYTE = 1e6;

/** The rows that have a bar, and those that stand beside one. */
export function renderBars(outcomes: ReadonlyMap<Scenario, Outcome>): Measure[] {
  const measures: Measure[] = [];
  for (const [scenario, { seconds, figures = new Map<string, number>() }] of outcomes) {
    for (const bar of BARS.filter((one) => one.scenario === scenario.name)) {
      const ratio = (seconds.get("repx") ?? Number.NaN) / (seconds.get(bar.against) ?? Number.NaN);
      measures.push(compare(`${bar.name}, against ${bar.against}`, ratio, "x", bar.most));
    }
    for (const [name, value] of figures) {
      const unit = name.startsWith("bytes") ? "x" : "";
      measures.push(compare(`${scenario.name} ${name}`, value, unit, FIGURE_BARS[name]));
    }
  }
  return measures;
}

/** Memory of a push. */
export function renderMemory(what: string, { clientBytes, targetBytes }: Peak): Measure[] {
  return [
    compare(`memory of the client, ${what}`, clientBytes / MEGABYTE, "MB", 300),
    compare(`memory at the target, ${what}`, targetBytes / MEGABYTE, "MB", 64),
  ];
}

/** All medians: a table for each line, a row for each contender. */
export function renderTimes(outcomes: ReadonlyMap<Scenario, Outcome>): Measure[] {
  return [...outcomes].flatMap(([{ workload, line }, { seconds }]) =>
    [...seconds].map(([contender, value]) => ({
      name: `${workload} over ${line}: ${contender}`,
      value,
      unit: "s",
      bar: "none",
      holds: true,
      cell: { table: `seconds over ${line}`, row: contender, column: workload },
    })),
  );
}

function compare(name: string, value: number, unit: string, most: number | undefined): Measure {
  if (most === undefined) return { name, value, unit, bar: "none", holds: true };
  return { name, value, unit, bar: `at most ${most}${unit === "" ? "" : ` ${unit}`}`, holds: value <= most };
}
