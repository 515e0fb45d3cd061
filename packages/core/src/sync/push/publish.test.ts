// Publishings that are killed at the worst moment and run again, in the same push and in the next one.
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { makeNoise, nameScript, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";
import type { PushItem } from "./push-item.ts";

let stand: Stand;
let source: string;

beforeEach(async () => {
  stand = await startStand();
  source = stand.makeSource(nameStore("a"));
  writeTexts(source, { "bin/tool": "tool", other: makeNoise(1, 200_000) });
});

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

/** The target; the first publishing is killed before it comes to such a line of its script, and is the last with `isLast`. */
function killAt(line: string, isLast = false): Transport {
  let publishings = 0;
  return {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) !== "publish") return stand.transport.run(request);
      publishings += 1;
      if (publishings > 1 && isLast) throw new RepxError("SSH_CONNECTION_LOST", "the line was cut", { hint: "" });
      if (publishings > 1) return stand.transport.run(request);
      const { argv } = request;
      const at = argv.indexOf("-c") + 1;
      const script = argv[at]?.replaceAll(`\n${line}`, `\nkill -9 0\n${line}`) ?? "";
      if (script === argv[at]) throw new Error(`no line begins with ${line}`);
      const output = await stand.transport.run({ ...request, argv: argv.with(at, script) });
      expect(output.signal).toBe("SIGKILL");
      return output;
    },
  };
}

function makeSubmission(name: string): PushItem {
  const place = join(stand.folder, name);
  writeTexts(place, { token: name });
  mkdirSync(join(place, "empty"));
  return { source: place, destination: `submissions/${name}` };
}

function expectStorePath(): void {
  const place = join(stand.base, "artifacts/store", nameStore("a"));
  expect(new Set(readdirSync(place, { recursive: true, encoding: "utf8" }))).toEqual(
    new Set(["bin", "bin/tool", "other"]),
  );
  expect(lstatSync(place).mode & 0o777).toBe(0o555);
}

test("closes a store path that was in place when its publishing was killed", async () => {
  await stand.push([storeItem(source)], { over: killAt("  close_tops") });
  expectStorePath();
});

test.each([
  ["before it renamed anything", "said=$(printf '' 2>&1 >moving)", true],
  ["when a part was in place", "  close_tops", false],
])("ends a push of another submission after one was killed %s", async (_, line, isResumed) => {
  const first = [storeItem(source), makeSubmission("s1")];
  await expect(stand.push(first, { over: killAt(line, true) })).rejects.toThrow("the line was cut");
  const { sentBytes } = await stand.push([storeItem(source), makeSubmission("s2")]);
  expect(sentBytes < 100_000).toBe(isResumed);
  expect(readdirSync(join(stand.base, "submissions"))).toEqual(["s2"]);
  expect(readdirSync(join(stand.base, "submissions/s2")).toSorted()).toEqual(["empty", "token"]);
  expectStorePath();
});

/** A mv that exchanges two names, as that of coreutils 9.5 does. */
const EXCHANGING = `#!/bin/sh
[ "$1" = --exchange ] || exec /bin/mv "$@"
/bin/mv -T -- "$4" "$4.x" && /bin/mv -T -- "$5" "$4" && /bin/mv -T -- "$4.x" "$5"
`;

test.each([true, false])(
  "never puts back what was replaced when it is run again (mv exchanges: %s)",
  async (exchanges) => {
    const toolPath = join(stand.folder, "tools");
    writeTexts(toolPath, exchanges ? { mv: EXCHANGING } : { none: "" });
    if (exchanges) chmodSync(join(toolPath, "mv"), 0o755);
    const item = { source: join(stand.folder, "thing"), destination: "artifacts/things/thing", replaces: true };
    writeTexts(item.source, { version: "1" });
    await stand.push([item]);
    writeTexts(item.source, { version: "2" });
    const facts = { ...stand.readFacts(), toolPath };
    await stand.push([item, storeItem(source)], { over: killAt("move_indexes\n"), facts });
    expect(readFileSync(join(stand.base, "artifacts/things/thing/version"), "utf8")).toBe("2");
  },
);
