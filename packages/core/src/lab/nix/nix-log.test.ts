import { expect, test } from "vitest";
import { startNixLog, type BuildProgress } from "./nix-log.ts";

function entry(value: unknown): string {
  return `@nix ${JSON.stringify(value)}`;
}

test("counts builds, and not what other activities count", () => {
  const seen: BuildProgress[] = [];
  const log = startNixLog((progress) => void seen.push(progress));
  log.add("plain text");
  log.add("@nix not json");
  log.add(entry({ action: "start", id: 1, type: 104, level: 5, text: "" }));
  log.add(entry({ action: "start", id: 2, type: 103, level: 5, text: "" }));
  log.add(entry({ action: "result", id: 2, type: 105, fields: [9, 9, 9, 9] }));
  log.add(entry({ action: "start", id: 3, type: 105, fields: [`/nix/store/${"a".repeat(32)}-sum-1.1.drv`, "", 1, 1] }));
  log.add(entry({ action: "result", id: 1, type: 105, fields: [1, 4, 2, 0] }));
  expect(seen).toEqual([
    { done: 0, expected: 0, running: 0, building: "sum-1.1" },
    { done: 1, expected: 4, running: 2, building: "sum-1.1" },
  ]);
});

test("keeps errors without colours, and the last lines of builders", () => {
  const log = startNixLog(() => {});
  log.add(entry({ action: "msg", level: 0, msg: "\u001B[31;1merror:\u001B[0m broken\n  here" }));
  log.add(entry({ action: "msg", level: 1, msg: "warning" }));
  for (let line = 0; line < 100; line++)
    log.add(entry({ action: "result", id: 3, type: 101, fields: [`line ${line}`] }));
  expect(log.errors).toEqual(["error: broken", "  here"]);
  expect(log.builderLines.at(-1)).toBe("line 99");
  expect(log.builderLines).toHaveLength(40);
});
