import { RunName } from "@repx/core/model";
import { expect, test } from "vitest";
import { chooseSettlement, readLeftover } from "./leftover.ts";

const CHECKS = [{ run: RunName.parse("study"), id: 1 }];
const ORIGIN = "https://repx.example.org";
const ID = "s0123456789abcdefghijklmno";

const BEGUN = { isSubmitted: false, hasEnded: false, checks: [] };
const WHOLE = { isSubmitted: true, hasEnded: false, checks: [] };
const ENDED = { isSubmitted: true, hasEnded: true, checks: [] };

test.each([
  // Interrupted, or failed, while it was handed over: whatever the policy is.
  ["keep", BEGUN, ORIGIN, false, "take back"],
  ["keep", { ...BEGUN, hasEnded: true }, ORIGIN, false, "take back"],
  ["keep", BEGUN, undefined, false, "take back"],
  ["keep", { ...BEGUN, hasEnded: true }, undefined, false, "leave"],
  // Interrupted while it waited.
  ["cancel", WHOLE, ORIGIN, true, "cancel"],
  ["keep", WHOLE, undefined, true, "keep"],
  // `timeout-minutes` of the step interrupts it, and the job goes on.
  ["cancel", WHOLE, undefined, false, "cancel"],
  // A later step was cancelled, or nothing was.
  ["cancel", ENDED, ORIGIN, true, "cancel"],
  ["keep", ENDED, ORIGIN, true, "keep"],
  ["cancel", ENDED, ORIGIN, false, "leave"],
  // The step gave up following: its checks would be in progress for ever.
  ["cancel", { ...ENDED, checks: CHECKS }, undefined, false, "close checks"],
] as const)(
  "I-47: on-cancel %s, %j, coordinator %s, job cancelled %j: %s",
  (onCancel, leftover, coordinator, isJobCancelled, expected) => {
    expect(chooseSettlement(leftover, { onCancel, coordinator, isJobCancelled })).toBe(expected);
  },
);

function read(state: Readonly<Record<string, string>>): unknown {
  return readLeftover({ readState: (name) => state[name] ?? "" });
}

test("what was concluded, or never began, leaves nothing", () => {
  expect(read({})).toBeUndefined();
  expect(read({ submission: ID, submitted: "true", concluded: "true" })).toBeUndefined();
  expect(read({ submission: ID, submitted: "true", checks: '[{"run":"study","id":1}]' })).toEqual({
    id: ID,
    token: "",
    isSubmitted: true,
    hasEnded: false,
    checks: CHECKS,
  });
});
