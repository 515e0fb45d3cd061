import type { Check } from "@repx/core/doctor";
import { expect, test } from "vitest";
import { keepScreen } from "../command.fixture.ts";
import { renderDiagnosis } from "./render-diagnosis.ts";

const CHECKS: readonly Check[] = [
  { name: "config", status: "ok", message: "target cluster of /home/ada/study/.repx/config.toml" },
  { name: "route", status: "ok", message: "ada@login.cluster.edu:22 through ada@gate.cluster.edu:22" },
  {
    name: "login shell",
    status: "warning",
    message: '/bin/bash prints "Welcome to the cluster!" without a terminal, which is passed over',
    next: "Other tools trip over it (scp, rsync): let its start-up files print only on a terminal, `[ -t 1 ] && …`.",
  },
  {
    name: "base path",
    status: "failed",
    message: "ada cannot write to /scratch: cannot create directory: Permission denied",
    next: "Set base_path to a folder that ada may write to, or have it made: `install -d -o ada /scratch/ada`.",
  },
  { name: "space", status: "skipped", message: 'needs "base path"' },
  { name: "tools", status: "ok", message: "all there, tar (GNU tar) 1.34" },
  { name: "hard links", status: "skipped", message: 'needs "base path"' },
  { name: "epilog", status: "skipped", message: "the target's scheduler is local: none is needed" },
  { name: "relay", status: "skipped", message: "the target's scheduler is local: none is needed" },
];

test("a diagnosis is a line a check, with what to do next below it, and a sum", async () => {
  const screens = [80, undefined].map((columns) => {
    const screen = keepScreen(columns, { NO_COLOR: "1" });
    for (const line of renderDiagnosis(CHECKS, screen)) screen.print(line);
    return screen.stdout();
  });
  await expect(screens.join(`${"=".repeat(80)}\n`)).toMatchFileSnapshot("../golden/doctor.golden.txt");
});

test("what is to be copied stays in one piece on a narrow terminal, and all else fits", () => {
  const lines = renderDiagnosis(CHECKS, keepScreen(60, { NO_COLOR: "1" }));
  expect(lines.filter((line) => !line.includes("next: ") && line.length > 60)).toEqual([]);
  expect(lines.filter((line) => line.includes("next: "))).toEqual(
    CHECKS.flatMap(({ next }) => (next === undefined ? [] : [`${" ".repeat(15)}next: ${next}`])),
  );
});

test("the sum says that nothing stands in the way", () => {
  const passed = CHECKS.filter(({ status }) => status === "ok" || status === "warning");
  expect(renderDiagnosis(passed, keepScreen()).at(-1)).toBe("Nothing stands in the way: 1 warning, 3 ok.");
});
