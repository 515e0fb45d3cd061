import { expect, test } from "vitest";
import { JobId, LabHash, RunName } from "./ids.ts";

const HASH = "15df99k894nf5pz4jpg778qfxc3sfc8g";

test.each([`${HASH}-gen-1.1`, `${HASH}-stage-A_b+c-2.0-rc1`, `${HASH}-${"x".repeat(167)}`])(
  "%s is a job's id",
  (id) => {
    expect(JobId.safeParse(id).success).toBe(true);
  },
);

test.each([
  ["longer than a folder's name with what is put around it", `${HASH}-${"x".repeat(168)}`],
  ["without a stage", `${HASH}-`],
  ["with a letter that Nix's base32 lacks", `e${HASH.slice(1)}-gen-1.1`],
  ["with too short a hash", `${HASH.slice(1)}-gen-1.1`],
  ["with a stage that begins with a dot", `${HASH}-..`],
  ["with a folder in it", `${HASH}-a/b`],
  ["with a line end", `${HASH}-gen-1.1\n`],
  ["with NUL", `${HASH}-gen\0`],
])("a job's id %s is refused", (_, id) => {
  expect(JobId.safeParse(id).success).toBe(false);
});

test.each([["a".repeat(100)], ["_sim.2-b"]])("%s is a run's name", (name) => {
  expect(RunName.safeParse(name).success).toBe(true);
});

test.each([["a".repeat(101)], [""], [".a"], ["-a"], ["a b"], ["@a"], ["a/b"]])("%j is no run's name", (name) => {
  expect(RunName.safeParse(name).success).toBe(false);
});

test.each([
  ["0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5", true],
  ["a".repeat(64), true],
  ["a".repeat(65), false],
  ["../x", false],
])("that %s is a Lab's hash: %s", (hash, isHash) => {
  expect(LabHash.safeParse(hash).success).toBe(isHash);
});
