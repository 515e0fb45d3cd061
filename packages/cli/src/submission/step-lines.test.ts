import { expect, test } from "vitest";
import { keepScreen } from "../command.fixture.ts";
import { openStepLines } from "./step-lines.ts";

test("in a pipe a step is a line when it is done, and one every few seconds before", () => {
  const screen = keepScreen();
  let nowMs = 0;
  const lines = openStepLines(screen, () => nowMs);
  lines.start("sync");
  lines.progress("sync", 0.1, "1 MB of 10 MB");
  nowMs = 6000;
  lines.progress("sync", 0.5, "5 MB of 10 MB");
  lines.progress("sync", 0.6, "6 MB of 10 MB");
  lines.finish("sync", "10 MB sent");
  expect(screen.stderr()).toBe("sending: 5 MB of 10 MB\nsync    10 MB sent\n");
});

test("on a terminal what is being done stands on one line, and goes when the step is done", () => {
  const screen = keepScreen(40, { NO_COLOR: "1" });
  const lines = openStepLines(screen, () => 0);
  lines.start("submit");
  lines.progress("submit", 0.5, "1 of 2 batches");
  lines.finish("submit", "4 jobs");
  expect(screen.stderr()).toContain("\r\u001b[Ksubmitting: 1 of 2 batches\r\u001b[Ksubmit  4 jobs\n");
});
