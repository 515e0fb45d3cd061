import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";
import { openTransferLine, renderDuration, renderTransfer, type TransferState } from "./transfer-line.ts";

const STATE: TransferState = {
  doneBytes: 52_400_000,
  totalBytes: 1_640_000_000,
  doneFiles: 6400,
  totalFiles: 20_000,
  bytesPerSecond: 98_100_000,
  secondsLeft: 16.2,
};

/** A clock that is set by hand. */
function startClock(): { now: () => number; pass(ms: number): void } {
  let ms = 1000;
  return {
    now: () => ms,
    pass(more) {
      ms += more;
    },
  };
}

test("says bytes, files, rate and time left", () => {
  expect(renderTransfer(STATE)).toBe("52.4 MB of 1.64 GB, 6,400 of 20,000 files, 98.1 MB/s, 17 s left");
});

test("leaves the time out that nobody can tell", () => {
  const { secondsLeft: _, ...rest } = STATE;
  expect(renderTransfer(rest)).toMatch(/98\.1 MB\/s$/);
});

test("always fits on a line of 80 columns", () => {
  const size = fc.double({ min: 0, max: 1e18, noNaN: true });
  const files = fc.integer({ min: 0, max: 99_999_999 });
  const states = fc.record({
    doneBytes: size,
    totalBytes: size,
    doneFiles: files,
    totalFiles: files,
    bytesPerSecond: size,
    secondsLeft: fc.double({ min: 0, max: 1e12, noNaN: true }),
  });
  fc.assert(fc.property(states, (state) => renderTransfer(state).length < 80));
});

describe("on a terminal", () => {
  test("one line is drawn anew, ten times a second at most, and nothing stays", () => {
    const screen = keepScreen(80);
    const clock = startClock();
    const line = openTransferLine(screen, clock.now);
    line.show(STATE);
    clock.pass(99);
    line.show({ ...STATE, doneFiles: 7000 });
    clock.pass(1);
    line.show({ ...STATE, doneFiles: 8000 });
    line.close();
    const drawn = screen.stderr().split("\r\u001b[K");
    expect(drawn.map((text) => text.slice(0, 30))).toEqual([
      "",
      "52.4 MB of 1.64 GB, 6,400 of 2",
      "52.4 MB of 1.64 GB, 8,000 of 2",
      "",
    ]);
    expect(screen.stderr()).not.toContain("\n");
  });
});

describe("elsewhere", () => {
  test("a line is written every five seconds, and none for what is over before", () => {
    const screen = keepScreen();
    const clock = startClock();
    const line = openTransferLine(screen, clock.now);
    for (let second = 0; second <= 12; second++) {
      line.show({ ...STATE, doneFiles: second });
      clock.pass(1000);
    }
    line.close();
    expect(
      screen
        .stderr()
        .split("\n")
        .map((text) => /, (\d+) of/.exec(text)?.[1]),
    ).toEqual(["5", "10", undefined]);
  });
});

test.each([
  [0, "0 s"],
  [59.5, "1 min 0 s"],
  [3599, "59 min 59 s"],
  [3600, "1 h 0 min"],
  [1e6, "days"],
])("%d seconds are %s", (seconds, text) => {
  expect(renderDuration(seconds)).toBe(text);
});
