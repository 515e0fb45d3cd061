// Staging folders that are taken over and removed while others may be at work in them.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import { runCommand } from "../../target/command/command.ts";
import type { RunRequest, Transport } from "../../target/transport/transport.ts";
import { makeNoise, nameScript, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";
import type { PushItem } from "./push-item.ts";
import { chooseStaging, discardStaging } from "./staging.ts";
import { openCommands, type TargetCommands } from "./target-commands.ts";
import { startTimeLimit } from "./time-limit.ts";

const MIB = 1 << 20;
const HOST = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
const LIVING = `${HOST}.${process.pid}`;
const DEAD = `${HOST}.4194000`;
const PLAN = "0123456789abcdef";
const LEFT = `${PLAN}.01234567`;
let stand: Stand;

/** A folder for the front of PATH with a sleep that is short. */
let quick: string;

beforeEach(async () => {
  stand = await startStand();
  quick = join(stand.folder, "quick");
  writeTexts(quick, { sleep: "#!/bin/sh\nexec /bin/sleep 0.01\n" });
  chmodSync(join(quick, "sleep"), 0o755);
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

function placeStaging(...names: string[]): string {
  return join(stand.base, "artifacts/.staging", ...names);
}

/** A staging folder in which one parcel arrived, and a process of this name was seen last. */
async function leaveStaging(name: string, owner: string): Promise<void> {
  for (const folder of ["arrived", "running", "claimed"]) mkdirSync(placeStaging(name, folder), { recursive: true });
  writeTexts(placeStaging(name), { "1/f": "f", "arrived/p1": "", [`running/${owner}`]: "" });
  await runCommand({ argv: ["chown", "-R", "65534", placeStaging()] });
}

function openStand(transport: Transport = stand.transport, toolPath = quick): TargetCommands {
  const limit = startTimeLimit({ seconds: 60, description: "here", channels: 1 }, () => performance.now());
  return openCommands(transport, { basePath: stand.base, facts: { ...stand.readFacts(), toolPath }, limit });
}

/** The target, where scripts of one kind begin with other lines. */
function begin(kind: ReturnType<typeof nameScript>, lines: string): Transport {
  return {
    ...stand.transport,
    run: async (request) => {
      const { argv } = request;
      if (nameScript(request) !== kind) return stand.transport.run(request);
      const at = argv.indexOf("-c") + 1;
      return stand.transport.run({ ...request, argv: argv.with(at, `${lines}\n${argv[at]}`) });
    },
  };
}

function lose(): RepxError {
  return new RepxError("SSH_CONNECTION_LOST", "the line was cut", { hint: "" });
}

function makeItem(): PushItem {
  const source = stand.makeSource(nameStore("a"));
  writeTexts(source, { noise: makeNoise(1, MIB), other: "other" });
  return storeItem(source);
}

/** Leaves what a push leaves that was cut before it published. */
async function pushInPart(item: PushItem): Promise<void> {
  const over: Transport = {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) === "publish") throw lose();
      return stand.transport.run(request);
    },
  };
  await expect(stand.push([item], { over })).rejects.toThrow("the line was cut");
}

test("removes no folder in which somebody is at work, and one whose owners are dead", async () => {
  await leaveStaging(LEFT, LIVING);
  await discardStaging(openStand(), LEFT);
  expect(readFileSync(placeStaging(LEFT, "1/f"), "utf8")).toBe("f");
  rmSync(placeStaging(LEFT, "running", LIVING));
  writeFileSync(placeStaging(LEFT, "running", DEAD), "");
  await discardStaging(openStand(), LEFT);
  expect(stand.listStaging()).toEqual([]);
});

test("removes no folder in which somebody begins to work at the last moment", async () => {
  await leaveStaging(LEFT, DEAD);
  const late = `mv() { command mv "$@"; : >"$3/running/${LIVING}"; }`;
  await discardStaging(openStand(begin("discard", late)), LEFT);
  expect(readFileSync(placeStaging(LEFT, "1/f"), "utf8")).toBe("f");
});

test("waits for those that are about to end before it removes their folder", async () => {
  await leaveStaging(LEFT, LIVING);
  const discarded = discardStaging(openStand(stand.transport, ""), LEFT);
  await sleep(200);
  rmSync(placeStaging(LEFT, "running", LIVING));
  await discarded;
  expect(stand.listStaging()).toEqual([]);
});

test("uses no folder that was made anew while it was taken over", async () => {
  await leaveStaging(LEFT, DEAD);
  // The first rename takes the folder; its owner comes back at once.
  const anew = `mv() { command mv "$@"; mkdir -p "$2/running"; : >"$3/running/${LIVING}"; }`;
  const { name, arrived, isAdopted } = await chooseStaging(openStand(begin("adopt", anew)), PLAN, [LEFT]);
  expect([arrived.size, isAdopted]).toEqual([0, false]);
  expect(stand.listStaging()).toHaveLength(2);
  expect(stand.listStaging()).not.toContain(name);
});

test("takes over a folder once when the line is cut meanwhile", async () => {
  const item = makeItem();
  await pushInPart(item);
  let cuts = 0;
  const over: Transport = {
    ...stand.transport,
    run: async (request) => {
      const output = await stand.transport.run(request);
      if (nameScript(request) === "adopt" && cuts++ === 0) throw lose();
      return output;
    },
  };
  expect((await stand.push([item], { over })).resumedBytes).toBeGreaterThan(MIB);
  expect(cuts).toBe(2);
  expect(stand.listStaging()).toEqual([]);
});

test("waits for a publishing that outlived its connection as long as it takes", async () => {
  const item = makeItem();
  let publishings = 0;
  const loseFirst = (request: RunRequest): void => {
    if (nameScript(request) !== "publish" || ++publishings > 1) return;
    const [name = ""] = stand.listStaging();
    writeTexts(placeStaging(name), { publishing: `${LIVING}\n`, [`running/${LIVING}`]: "" });
    chmodSync(placeStaging(name, "publishing"), 0o666);
    setTimeout(() => rmSync(placeStaging(name, "running", LIVING)), 3000);
    throw lose();
  };
  const over: Transport = {
    ...stand.transport,
    run: async (request) => (loseFirst(request), stand.transport.run(request)),
  };
  const facts = { ...stand.readFacts(), toolPath: quick };
  expect((await stand.push([item], { over, facts })).sentBytes).toBeLessThan(1.5 * MIB);
  expect(publishings).toBe(2);
  expect(existsSync(join(stand.base, item.destination))).toBe(true);
  expect(readdirSync(placeStaging())).toEqual([]);
});
