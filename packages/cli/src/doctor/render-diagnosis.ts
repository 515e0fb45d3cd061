import type { Check, CheckStatus } from "@repx/core/doctor";
import { count } from "../count.ts";
import type { Look, Screen } from "../screen.ts";

const MARKS: Readonly<Record<CheckStatus, { readonly mark: string; readonly look: Look }>> = {
  ok: { mark: "✓", look: "green" },
  warning: { mark: "!", look: "yellow" },
  failed: { mark: "✗", look: "red" },
  skipped: { mark: "-", look: "dim" },
};

/** Renders a diagnosis: a line a check, what to do next below it, and a sum at the end. */
export function renderDiagnosis(checks: readonly Check[], screen: Pick<Screen, "columns" | "paint">): string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const indent = " ".repeat(width + 4);
  const lines = mergeSkipped(checks).flatMap(({ name, status, message, next }) => {
    const { mark, look } = MARKS[status];
    const [first = "", ...more] = wrapText(message, screen.columns, indent.length);
    const paintMessage = (text: string): string => (status === "skipped" ? screen.paint("dim", text) : text);
    return [
      `${screen.paint(look, mark)} ${paintMessage(name.padEnd(width))}  ${paintMessage(first)}`,
      ...more.map((line) => `${indent}${paintMessage(line)}`),
      // In one piece, however long: it is there to be copied.
      ...(next === undefined ? [] : [`${indent}${screen.paint("cyan", "next:")} ${next}`]),
    ];
  });
  return [...lines, "", renderSum(checks)];
}

/** Several in a row that were skipped for one reason are one line. */
function mergeSkipped(checks: readonly Check[]): readonly (Omit<Check, "name"> & { readonly name: string })[] {
  const groups: Check[][] = [];
  for (const check of checks) {
    const before = groups.at(-1);
    const isSame = check.status === "skipped" && before?.[0]?.status === "skipped";
    if (isSame && before[0]?.message === check.message) before.push(check);
    else groups.push([check]);
  }
  return groups.flatMap((group) => {
    const [first] = group;
    if (first === undefined || group.length === 1) return group;
    const names = group.map(({ name }) => name).join(", ");
    return [{ ...first, name: count(group.length, "check"), message: `${names}: ${first.message}` }];
  });
}

function renderSum(checks: readonly Check[]): string {
  const total = (status: CheckStatus): number => checks.filter((check) => check.status === status).length;
  const [failed, warnings, skipped] = [total("failed"), total("warning"), total("skipped")];
  const head = failed === 0 ? "Nothing stands in the way" : `${failed} failed`;
  const rest = [
    ...(warnings === 0 ? [] : [count(warnings, "warning")]),
    `${total("ok")} ok`,
    ...(skipped === 0 ? [] : [`${skipped} not checked`]),
  ];
  return `${head}: ${rest.join(", ")}.`;
}

/** Breaks a text between words; one that is too long for a line stays whole. */
function wrapText(text: string, columns: number | undefined, indent: number): string[] {
  if (columns === undefined) return [text];
  const room = Math.max(20, columns - indent);
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
