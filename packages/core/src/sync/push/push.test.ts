import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { listTree, makeOddTree } from "../pack/tar-tree.fixture.ts";
import { BUSYBOX_FACTS, makeNoise, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";

const MIB = 1 << 20;
let stand: Stand;

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

describe.each(["coreutils", "busybox"] as const)("with the tools of %s", (tools) => {
  const change = tools === "busybox" ? BUSYBOX_FACTS : {};

  beforeEach(async () => {
    stand = await startStand(tools);
  });

  async function push(source: string, destination: string): ReturnType<Stand["push"]> {
    return stand.push([{ source, destination }], { facts: { ...stand.readFacts(), ...change } });
  }

  /** busybox's tar sets no times of links and, for others than root, no modes of folders that are there; it makes hard links last. */
  function forTools(list: string): string {
    if (tools === "coreutils") return list;
    return list.replaceAll(/ (?:l 777|d \d+) \S+/g, "");
  }

  test("carries odd names, links, modes and times as they are", async () => {
    const source = join(stand.folder, "odd");
    mkdirSync(source);
    await makeOddTree(source);
    await push(source, "artifacts/jobs/odd");
    const [there, here] = [await listTree(join(stand.base, "artifacts/jobs/odd")), await listTree(source)];
    expect(forTools(there)).toBe(forTools(here));
    expect(stand.listStaging()).toEqual([]);
  });

  test("carries large files, those that compress and those that do not, with their modes and times", async () => {
    const source = join(stand.folder, "large");
    const text = "a line of text\n".repeat((17 * MIB) / 15);
    writeTexts(source, { "a\nb/noise": makeNoise(1, 65 * MIB + 4), text, small: "small" });
    writeFileSync(Buffer.from(`${source}/\xff`, "latin1"), makeNoise(2, 16 * MIB + 65_540));
    chmodSync(join(source, "text"), 0o444);
    await runCommand({ argv: ["find", source, "-exec", "touch", "-d", "@1000000000", "{}", "+"] });
    const pushed = await push(source, "artifacts/jobs/large");
    expect(await listTree(join(stand.base, "artifacts/jobs/large"))).toBe(await listTree(source));
    expect(pushed).toMatchObject({ files: 4, linkedFiles: 0, resumedBytes: 0 });
  });

  test("leaves a store path read-only, and one that is a file or a link as it is", async () => {
    const source = stand.makeSource(nameStore("a"));
    writeTexts(source, { "bin/tool": "#!/bin/sh\n" });
    chmodSync(join(source, "bin/tool"), 0o755);
    writeTexts(join(source, ".."), { [nameStore("b", "file")]: "f" });
    symlinkSync("nowhere", join(source, "..", nameStore("c", "link")));
    const items = ["a", "b", "c"].map((letter, index) =>
      storeItem(join(source, "..", nameStore(letter, ["tool-1.0", "file", "link"][index]))),
    );
    await stand.push(items, { facts: { ...stand.readFacts(), ...change } });
    const modes = ["", "/bin", "/bin/tool"].map(
      (path) => lstatSync(join(stand.base, `artifacts/store/${nameStore("a")}${path}`)).mode & 0o777,
    );
    expect(modes).toEqual([0o555, tools === "busybox" ? 0o755 : 0o555, 0o555]);
    expect(readFileSync(join(stand.base, "artifacts/store", nameStore("b", "file")), "utf8")).toBe("f");
    expect(lstatSync(join(stand.base, "artifacts/store", nameStore("c", "link"))).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(stand.base, "artifacts/.index"))).toHaveLength(3);
  });

  test("replaces as a whole what is there, and nothing else is left", async () => {
    const source = join(stand.folder, "thing");
    const item = { source, destination: "artifacts/things/thing", replaces: true };
    writeTexts(source, { "a/same": "same", "a/other": "one" });
    chmodSync(join(source, "a"), 0o555);
    await stand.push([item], { facts: { ...stand.readFacts(), ...change } });
    const there = join(stand.base, "artifacts/things/thing");
    const inode = lstatSync(join(there, "a/same")).ino;
    chmodSync(join(source, "a"), 0o755);
    writeTexts(source, { "a/other": "two", "b/new": "new" });
    const pushed = await stand.push([item], { facts: { ...stand.readFacts(), ...change } });
    expect(await listTree(there)).not.toContain("one");
    expect(readFileSync(join(there, "a/other"), "utf8")).toBe("two");
    expect(pushed.linkedFiles).toBe(1);
    expect(lstatSync(join(there, "a/same")).ino).toBe(inode);
    // What was replaced is removed after the push was answered.
    await expect.poll(() => stand.listStaging(), { timeout: 5000 }).toEqual([]);
  });

  test("publishes many items by few commands, and leaves alone what is there already", async () => {
    const names = Array.from(
      { length: 250 },
      (_, index) => `${"abcdefg"[index % 7]}${String(index).padStart(31, "0")}-n`,
    );
    for (const name of names) writeTexts(join(stand.folder, "many", name), { file: name });
    const [first = ""] = names;
    mkdirSync(join(stand.base, "artifacts/store", first, "own"), { recursive: true });
    await stand.push(
      names.map((name) => storeItem(join(stand.folder, "many", name))),
      { facts: { ...stand.readFacts(), ...change } },
    );
    expect(readdirSync(join(stand.base, "artifacts/store"))).toHaveLength(250);
    expect(readdirSync(join(stand.base, "artifacts/store", first))).toEqual(["own"]);
    // What another one put there may differ.
    expect(readdirSync(join(stand.base, "artifacts/.index"))).toHaveLength(249);
    expect(stand.listStaging()).toEqual([]);
  });
});

describe("on a plain target", () => {
  beforeEach(async () => {
    stand = await startStand();
  });

  test("puts everything in its place under its name there", async () => {
    writeTexts(join(stand.folder, "lab"), { "revision/top.json": "{}", "revision/unwanted": "", "jobs/j1/run": "run" });
    const submission = join(stand.folder, "submission.dir");
    mkdirSync(submission, { mode: 0o700 });
    writeFileSync(join(submission, "token"), "t", { mode: 0o600 });
    await stand.push([
      { source: submission, destination: "submissions/s1" },
      { source: join(stand.folder, "lab"), destination: "artifacts/labs/abc", only: ["revision/top.json"] },
      { source: join(stand.folder, "lab/jobs/j1"), destination: "artifacts/jobs/j1" },
    ]);
    expect(readdirSync(join(stand.base, "artifacts/labs/abc"), { recursive: true })).toEqual([
      "revision",
      "revision/top.json",
    ]);
    expect(readFileSync(join(stand.base, "artifacts/jobs/j1/run"), "utf8")).toBe("run");
    expect(lstatSync(join(stand.base, "submissions/s1")).mode & 0o777).toBe(0o700);
    expect(lstatSync(join(stand.base, "submissions/s1/token")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(stand.base, "artifacts/.index"))).toEqual([]);
  });

  test("carries a tree that holds nothing but folders", async () => {
    const source = stand.makeSource(nameStore("a"));
    mkdirSync(join(source, "empty/inner"), { recursive: true });
    expect(await stand.push([storeItem(source)])).toMatchObject({ files: 0, bytes: 0 });
    expect(readdirSync(join(stand.base, "artifacts/store", nameStore("a"), "empty"))).toEqual(["inner"]);
  });

  test("makes files hard links to those of the same content and mode that are there", async () => {
    const old = stand.makeSource(nameStore("a"));
    writeTexts(old, { same: "same".repeat(1000), changed: "before", tool: "tool", empty: "" });
    await stand.push([storeItem(old)]);
    const next = stand.makeSource(nameStore("b"));
    writeTexts(next, { moved: "same".repeat(1000), changed: "after", tool: "tool", empty: "" });
    chmodSync(join(next, "tool"), 0o755);
    const pushed = await stand.push([storeItem(next)]);
    expect(pushed).toMatchObject({ linkedFiles: 1, files: 4 });
    expect(pushed.sentBytes).toBeLessThan(3000);
    const [one, two] = [nameStore("a"), nameStore("b")].map((name) => join(stand.base, "artifacts/store", name));
    expect(lstatSync(join(two ?? "", "moved")).ino).toBe(lstatSync(join(one ?? "", "same")).ino);
    expect(lstatSync(join(two ?? "", "tool")).mode & 0o777).toBe(0o555);
    expect(readFileSync(join(two ?? "", "changed"), "utf8")).toBe("after");
  });

  test("shares a large file with an earlier version", async () => {
    const noise = makeNoise(3, 17 * MIB);
    for (const letter of ["a", "b"]) writeTexts(stand.makeSource(nameStore(letter)), { noise, version: letter });
    await stand.push([storeItem(stand.makeSource(nameStore("a")))]);
    const pushed = await stand.push([storeItem(stand.makeSource(nameStore("b")))]);
    expect(pushed.linkedFiles).toBe(1);
    expect(pushed.sentBytes).toBeLessThan(3000);
  });

  test("sends a file that it cannot link because it vanished from the target", async () => {
    const old = stand.makeSource(nameStore("a"));
    writeTexts(old, { same: "same", other: "1" });
    await stand.push([storeItem(old)]);
    const facts = stand.readFacts();
    await runCommand({ argv: ["chmod", "-R", "u+w", join(stand.base, "artifacts/store")] });
    rmSync(join(stand.base, "artifacts/store", nameStore("a")), { recursive: true });
    const next = stand.makeSource(nameStore("b"));
    writeTexts(next, { same: "same", other: "2" });
    expect(await stand.push([storeItem(next)], { facts })).toMatchObject({ linkedFiles: 0 });
    expect(readFileSync(join(stand.base, "artifacts/store", nameStore("b"), "same"), "utf8")).toBe("same");
    expect(stand.listStaging()).toEqual([]);
  });

  test("keeps the modes of files that other paths share when it removes a staging folder", async () => {
    const old = stand.makeSource(nameStore("a"));
    writeTexts(old, { "in/same": "same" });
    await stand.push([storeItem(old)]);
    const next = stand.makeSource(nameStore("b"));
    writeTexts(next, { "in/same": "same" });
    mkdirSync(join(stand.base, "artifacts/store", nameStore("b")));
    await stand.push([storeItem(next)]);
    expect(lstatSync(join(stand.base, "artifacts/store", nameStore("a"), "in/same")).mode & 0o777).toBe(0o444);
    expect(stand.listStaging()).toEqual([]);
  });

  test("refuses a submission that is there already", async () => {
    const source = join(stand.folder, "s9");
    writeTexts(source, { f: "f" });
    const item = { source, destination: "submissions/s9" };
    await stand.push([item]);
    await expect(stand.push([item])).rejects.toMatchObject({
      code: "SYNC_FAILED",
      message: expect.stringContaining("submissions/s9 is there already"),
    });
    expect(stand.listStaging()).toEqual([]);
  });

  test("changes nothing when a part is not on this machine", async () => {
    const source = stand.makeSource(nameStore("a"));
    writeTexts(source, { f: "f" });
    const gone = { source: join(stand.folder, "gone"), destination: "artifacts/store/gone" };
    await expect(stand.push([storeItem(source), gone])).rejects.toMatchObject({ code: "LAB_STORE_PATH_MISSING" });
    const lab = { source: stand.folder, destination: "artifacts/labs/abc", only: ["gone.json"] };
    await expect(stand.push([storeItem(source), lab])).rejects.toThrow("gone.json");
    expect(readdirSync(join(stand.base, "artifacts/store"))).toEqual([]);
    expect(existsSync(join(stand.base, "artifacts/labs"))).toBe(false);
    expect(stand.listStaging()).toEqual([]);
  });

  test("refuses a destination that leads out of the base path", async () => {
    for (const destination of ["../x", "artifacts/../../x", "/x/y", "artifacts/store/a b", "artifacts", "-t/x"]) {
      await expect(stand.push([{ source: stand.folder, destination }])).rejects.toThrow(TypeError);
    }
  });

  test("says what the target said when it may not write", async () => {
    const source = stand.makeSource(nameStore("a"));
    writeTexts(source, { f: "f" });
    chmodSync(join(stand.base, "artifacts/store"), 0o555);
    await expect(stand.push([storeItem(source)])).rejects.toMatchObject({
      code: "SYNC_BASE_PATH_NOT_WRITABLE",
      message: expect.stringContaining("Permission denied"),
    });
    expect(stand.listStaging()).toEqual([]);
  });

  test("removes what a killed push left behind days ago, and nothing younger", async () => {
    for (const name of ["old", "young", "busy"]) {
      mkdirSync(join(stand.base, "artifacts/.staging", name, "1/closed"), { recursive: true });
    }
    mkdirSync(join(stand.base, "artifacts/.staging/busy/running"));
    const host = readFileSync("/proc/sys/kernel/hostname", "utf8").trim();
    writeFileSync(join(stand.base, "artifacts/.staging/busy/running", `${host}.${process.pid}`), "");
    await runCommand({ argv: ["chown", "-R", "65534", join(stand.base, "artifacts/.staging")] });
    chmodSync(join(stand.base, "artifacts/.staging/old/1"), 0o555);
    const age = ["old", "busy", "busy/running"].map((name) => join(stand.base, "artifacts/.staging", name));
    await runCommand({ argv: ["touch", "-d", "4 days ago", ...age] });
    const source = stand.makeSource(nameStore("a"));
    writeTexts(source, { f: "f" });
    await stand.push([storeItem(source)]);
    expect(stand.listStaging().toSorted()).toEqual(["busy", "young"]);
  });

  test("tells how far it is, to the end", async () => {
    const source = stand.makeSource(nameStore("a"));
    writeTexts(source, { noise: makeNoise(4, 8 * MIB), f: "f" });
    linkSync(join(source, "f"), join(source, "g"));
    const seen: number[] = [];
    let last;
    await stand.push([storeItem(source)], {
      onProgress: (progress) => {
        expect(progress.doneBytes).toBeLessThanOrEqual(progress.totalBytes);
        seen.push(progress.doneBytes);
        last = progress;
      },
    });
    expect(seen).toEqual(seen.toSorted((left, right) => left - right));
    expect(last).toMatchObject({
      doneBytes: 8 * MIB + 1,
      totalBytes: 8 * MIB + 1,
      doneFiles: 3,
      totalFiles: 3,
      secondsLeft: 0,
    });
  });
});
