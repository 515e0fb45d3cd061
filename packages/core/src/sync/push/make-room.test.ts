// Pushes to a target that is full of what killed ones left.
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { runCommand } from "../../target/command/command.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { makeNoise, nameScript, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";
import type { PushItem } from "./push-item.ts";

const MIB = 1 << 20;
const OLD = ["old-1", "old-2", "old-3", "old-4", "old-5", "old-6"];
let stand: Stand;
let item: PushItem;
/** A df that says that all is full. */
let full: string;

beforeEach(async () => {
  stand = await startStand();
  const source = stand.makeSource(nameStore("a"));
  writeTexts(source, { noise: makeNoise(1, MIB) });
  item = storeItem(source);
  full = join(stand.folder, "full");
  writeTexts(full, { df: "#!/bin/sh\necho head\necho disk 100 99 1 99% /\n" });
  chmodSync(join(full, "df"), 0o755);
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

/** Staging folders of last week and of today, the former with the process of a host that is no more. */
async function leaveFolders(): Promise<void> {
  const place = join(stand.base, "artifacts/.staging");
  mkdirSync(join(place, "young"));
  for (const name of OLD) writeTexts(place, { [`${name}/running/gone.example.org.17`]: "" });
  await runCommand({ argv: ["chown", "-R", "65534", place] });
  await runCommand({
    argv: ["touch", "-d", "4 days ago", ...OLD.flatMap((name) => [join(place, name), join(place, name, "running")])],
  });
}

/** The target, and the names of what ran there. */
function record(): { over: Transport; names: string[] } {
  const names: string[] = [];
  const run: Transport["run"] = async (request) => (names.push(nameScript(request)), stand.transport.run(request));
  return { over: { ...stand.transport, run }, names };
}

test("removes all that is old, and then has room", async () => {
  await leaveFolders();
  const { over, names } = record();
  await stand.push([item], { over, facts: { ...stand.readFacts(), quotaBytes: 1000 } });
  expect(names).toEqual(["make room", "receive", "publish"]);
  expect(stand.listStaging()).toEqual(["young"]);
});

test("asks nothing of a target that has room, and removes there some of what is old", async () => {
  await leaveFolders();
  const { over, names } = record();
  await stand.push([item], { over });
  expect(names).toEqual(["receive", "publish"]);
  expect(stand.listStaging()).toHaveLength(3);
});

test("names the folder of what is left when there is no room all the same", async () => {
  await leaveFolders();
  const facts = { ...stand.readFacts(), freeBytes: 1000, toolPath: full };
  await expect(stand.push([item], { facts })).rejects.toMatchObject({
    code: "SYNC_NO_SPACE",
    message: expect.stringContaining("1.02 kB are free"),
    hint: expect.stringContaining("artifacts/.staging"),
  });
  expect(stand.listStaging()).toEqual(["young"]);
});

test("keeps what had arrived when there is no room for the rest", async () => {
  const over: Transport = {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) === "publish") throw new RepxError("SSH_CONNECTION_LOST", "cut", { hint: "" });
      return stand.transport.run(request);
    },
  };
  await expect(stand.push([item], { over })).rejects.toThrow("cut");
  const facts = { ...stand.readFacts(), freeBytes: 0, toolPath: full };
  await expect(stand.push([item], { facts })).rejects.toMatchObject({ code: "SYNC_NO_SPACE" });
  expect(await stand.push([item])).toMatchObject({ bytes: MIB, resumedBytes: MIB });
  expect(existsSync(join(stand.base, item.destination))).toBe(true);
});
