import { RepxError } from "@repx/core/model";
import { expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";
import { tellFailure } from "./run-program.ts";

test("an error that a person can act on is told with its code and hint, and ends with the code's status", () => {
  const screen = keepScreen();
  const error = new RepxError("SSH_UNREACHABLE", "nobody answers", { hint: "Is it on?" });
  expect(tellFailure(error, screen)).toBe(3);
  expect([screen.stdout(), screen.stderr()]).toEqual([
    "",
    "error[SSH_UNREACHABLE]: nobody answers\n  hint: Is it on?\n",
  ]);
});

test.each([new TypeError("x is not a function"), "a text"])("any other is a bug: %s", (error) => {
  const screen = keepScreen();
  expect(tellFailure(error, screen)).toBe(70);
  expect(screen.stderr()).toMatch(/(x is not a function[^]*at |a text)[^]*\nThis is a bug in RepX\./);
});
