import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openTerminal, parseStepLine, renderBar, renderStep } from "./terminal.ts";

function read(stream: PassThrough): string {
  return String(stream.read() ?? "");
}

test("a finished step is one line that fits 80 columns", () => {
  expect(renderStep("build", 3.21, "Lab yxadvpn2")).toBe("  build        3.2 s  Lab yxadvpn2");
});

test("progress is a bar between nothing and all", () => {
  expect(renderBar("jobs", 0.5, "8 of 16 ended")).toBe("  jobs      [############------------]  8 of 16 ended");
  expect(renderBar("jobs", 7, "")).toContain("[########################]");
});

test("where there is no terminal, progress is a line every three seconds", () => {
  const stream = new PassThrough();
  let now = 10_000;
  const terminal = openTerminal(stream, () => now);
  terminal.showProgress("jobs", 0.1, "1 of 10");
  now += 1000;
  terminal.showProgress("jobs", 0.2, "2 of 10");
  now += 2000;
  terminal.showProgress("jobs", 0.3, "3 of 10");
  expect(read(stream)).toBe("  jobs          10 %  1 of 10\n  jobs          30 %  3 of 10\n");
});

test("on a terminal the next line wipes the bar", () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true as const, columns: 40 });
  const terminal = openTerminal(stream);
  terminal.showProgress("jobs", 0.1, "a detail that is far too long for so narrow a window");
  terminal.print("done");
  const [bar = "", rest] = read(stream).split("\r\u001b[K").slice(1);
  expect(bar).toHaveLength(39);
  expect(rest).toBe("done\n");
});

test("the Action's lines are told apart as steps that ended, steps on their way, and other words", () => {
  expect(parseStepLine("sync       3.4 s  10 MB sent")).toEqual({ name: "sync", detail: "10 MB sent", seconds: 3.4 });
  expect(parseStepLine("sync      40 %  4 of 10 MB")).toEqual({ name: "sync", detail: "4 of 10 MB", fraction: 0.4 });
  expect(parseStepLine("16 jobs submitted, 0 reused.")).toBeUndefined();
});
