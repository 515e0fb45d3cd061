import type { countFreed, GcReport, GcRoot, RootState } from "@repx/core/gc";
import { renderBytes } from "@repx/core/model";
import { count, renderNumber } from "../count.ts";
import type { Screen } from "../screen.ts";

/** How a report is told. */
export interface ReportLook {
  readonly where: string;
  readonly isDryRun: boolean;
  readonly screen: Pick<Screen, "paint">;
}

/** Renders what a collection found or did, and what keeps the rest. */
export function renderReport(
  report: GcReport,
  freed: ReturnType<typeof countFreed>,
  { where, isDryRun, screen }: ReportLook,
): string[] {
  const head = (text: string): string => `${screen.paint("bold", where)}: ${text}`;
  if (report.isRootless) {
    return [head("no submission has registered a root yet, so nobody knows what is needed, and nothing goes")];
  }
  const bytes = renderBytes(freed.reduce((sum, one) => sum + one.bytes, 0));
  const title = freed.length === 0 ? "nothing to free" : `${isDryRun ? "would free" : "freed"} ${bytes}`;
  return [head(title), ...renderKinds(freed), renderKeepers(report), ...renderRest(report)];
}

function renderKinds(freed: ReturnType<typeof countFreed>): string[] {
  const rows = freed.map(({ kind, count: total, bytes }) => [kind, renderNumber(total), renderBytes(bytes)] as const);
  const [first, second] = [0, 1].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map(([kind, total, size]) => `  ${kind.padEnd(first ?? 0)}  ${total.padStart(second ?? 0)}  ${size}`);
}

const KEEPERS: readonly (readonly [RootState, string])[] = [
  ["newest", "newest Lab"],
  ["pinned", "pin"],
  ["young", "Lab of the last hours"],
  ["sending", "Lab on its way"],
  ["foreign", "Lab of other users"],
];

function renderKeepers({ roots, open }: GcReport): string {
  const parts = KEEPERS.flatMap(([state, noun]) => {
    const total = countKept(roots, state);
    return total === 0 ? [] : [total === 1 ? `1 ${noun}` : `${renderNumber(total)} ${pluralize(noun)}`];
  });
  const all = open.length === 0 ? parts : [...parts, count(open.length, "open submission")];
  return all.length === 0 ? "nothing is kept" : `kept by ${all.join(", ")}`;
}

/** A Lab with several roots is one. */
function countKept(roots: readonly GcRoot[], state: RootState): number {
  const found = roots.filter((root) => root.state === state);
  return new Set(found.map(({ kind, name, lab }) => (kind === "pinned" ? name : `${name} ${lab}`))).size;
}

function pluralize(noun: string): string {
  return noun.startsWith("Lab ") ? noun.replace("Lab", "Labs") : `${noun}s`;
}

function renderRest({ blocked, foreign, left, putBack }: GcReport): string[] {
  return [
    ...(blocked.length === 0
      ? []
      : [`no root describes what ${blocked.join(", ")} needs: nothing else goes until that is over`]),
    ...(foreign.length === 0 ? [] : [`${count(foreign.length, "place")} of other users, for them to collect`]),
    ...(putBack.length === 0 ? [] : [`${count(putBack.length, "place")} put back: a submission wanted them meanwhile`]),
    ...left.map((place) => `could not be removed: ${place}`),
  ];
}
