import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommand } from "../target/command.ts";
import { openLocal } from "../target/local.ts";
import type { RunRequest, Transport } from "../target/transport.ts";
import { pushTree, type PushItem } from "./push.ts";

const NAME = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-tool-1.0";
let folder: string;
let base: string;
let transport: Transport;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-push-"));
  base = join(folder, "a base, with 'quotes' and $signs");
  transport = await openLocal();
});

afterEach(async () => {
  await runCommand({ argv: ["chmod", "-R", "u+w", folder] });
  await rm(folder, { recursive: true, force: true });
});

async function push(
  items: readonly PushItem[],
  over: Transport = transport,
): Promise<{ bytes: number; files: number }> {
  return pushTree(over, { basePath: base, items, stagingName: "s1" });
}

/** A store path with all that may be in one. */
async function makeStorePath(name = NAME): Promise<PushItem> {
  const source = join(folder, "nix.store,[x]/store", name);
  await mkdir(join(source, "bin"), { recursive: true });
  await writeFile(join(source, "bin/tool"), "#!/bin/sh\n", { mode: 0o755 });
  await writeFile(join(source, "odd \n name \\ 'q' é"), "x".repeat(5000), { mode: 0o644 });
  await writeFile(join(source, "long".repeat(60)), "", { mode: 0o444 });
  await symlink(join(folder, "nix.store,[x]/store/other"), join(source, "absolute"));
  await symlink("bin/tool", join(source, "relative"));
  await symlink("nowhere", join(source, "dangling"));
  await link(join(source, "bin/tool"), join(source, "bin/hard"));
  await mkdir(join(source, "empty"));
  await chmod(join(source, "bin"), 0o555);
  await chmod(source, 0o555);
  return { source, destination: `artifacts/store/${name}` };
}

async function listStaging(): Promise<string[]> {
  return readdir(join(base, "artifacts/.staging")).catch(() => []);
}

async function readMode(path: string): Promise<number> {
  return (await lstat(path)).mode & 0o777;
}

test("carries files, links, odd names and modes, and leaves a store path read-only", async () => {
  const item = await makeStorePath();
  expect(await push([item])).toEqual({ files: 7, bytes: expect.any(Number) });
  const there = join(base, item.destination);
  expect((await readdir(there)).toSorted()).toEqual((await readdir(item.source)).toSorted());
  expect(await readFile(join(there, "odd \n name \\ 'q' é"), "utf8")).toBe("x".repeat(5000));
  expect(await readlink(join(there, "absolute"))).toBe(join(folder, "nix.store,[x]/store/other"));
  expect(await readlink(join(there, "dangling"))).toBe("nowhere");
  expect((await lstat(join(there, "bin/hard"))).ino).toBe((await lstat(join(there, "bin/tool"))).ino);
  expect(await readMode(join(there, "bin/tool"))).toBe(0o555);
  expect(await readMode(join(there, "odd \n name \\ 'q' é"))).toBe(0o444);
  expect(await readMode(join(there, "empty"))).toBe(0o555);
  expect(await readMode(there)).toBe(0o555);
  expect(await listStaging()).toEqual([]);
});

test("carries a store path that is a file or a symbolic link", async () => {
  const store = join(folder, "store");
  await mkdir(store);
  await writeFile(join(store, "file"), "f", { mode: 0o444 });
  await symlink("file", join(store, "link"));
  await push(["file", "link"].map((name) => ({ source: join(store, name), destination: `artifacts/store/${name}` })));
  expect(await readFile(join(base, "artifacts/store/link"), "utf8")).toBe("f");
});

test("puts everything in its place under its name there", async () => {
  const jobs = join(folder, "lab/jobs/j1/bin");
  await mkdir(jobs, { recursive: true });
  await writeFile(join(jobs, "run"), "run", { mode: 0o755 });
  await mkdir(join(folder, "lab/revision"));
  await writeFile(join(folder, "lab/revision/top.json"), "{}");
  await writeFile(join(folder, "lab/revision/unwanted.json"), "{}");
  const submission = join(folder, "lab/submission.dir");
  await mkdir(submission, { mode: 0o700 });
  await writeFile(join(submission, "token"), "t", { mode: 0o600 });
  await push([
    { source: submission, destination: "submissions/s1" },
    { source: join(folder, "lab"), destination: "artifacts/labs/abc", only: ["revision/top.json"] },
    { source: join(folder, "lab/jobs/j1"), destination: "artifacts/jobs/j1" },
    await makeStorePath(),
  ]);
  expect(await readdir(join(base, "artifacts/labs/abc"), { recursive: true })).toEqual([
    "revision",
    "revision/top.json",
  ]);
  expect(await readMode(join(base, "artifacts/labs/abc"))).toBe(0o755);
  expect(await readMode(join(base, "artifacts/jobs/j1/bin/run"))).toBe(0o755);
  expect(await readMode(join(base, "submissions/s1"))).toBe(0o700);
  expect(await readMode(join(base, "submissions/s1/token"))).toBe(0o600);
});

test("tells apart folders that lie inside each other or whose names begin alike", async () => {
  for (const name of ["lab", "lab2", "lab/jobs", "lab/jobs/lab"]) {
    await mkdir(join(folder, "s", name), { recursive: true });
    await writeFile(join(folder, "s", name, "f"), name);
  }
  await push([
    { source: join(folder, "s/lab"), destination: "artifacts/labs/abc", only: ["f"] },
    { source: join(folder, "s/lab2"), destination: "artifacts/store/lab2" },
    { source: join(folder, "s/lab/jobs/lab"), destination: "artifacts/jobs/lab" },
    { source: join(folder, "s/lab/jobs"), destination: "bin/f00d", only: ["f"] },
  ]);
  const places = ["artifacts/labs/abc", "artifacts/store/lab2", "artifacts/jobs/lab", "bin/f00d"];
  const texts = await Promise.all(places.map(async (place) => readFile(join(base, place, "f"), "utf8")));
  expect(texts).toEqual(["lab", "lab2", "lab/jobs/lab", "lab/jobs"]);
});

test("removes what a killed push left behind days ago, and nothing younger", async () => {
  for (const name of ["old", "young"])
    await mkdir(join(base, "artifacts/.staging", name, "1/closed"), { recursive: true });
  await chmod(join(base, "artifacts/.staging/old/1"), 0o555);
  await runCommand({ argv: ["touch", "-d", "4 days ago", join(base, "artifacts/.staging/old")] });
  await push([await makeStorePath()]);
  expect(await listStaging()).toEqual(["young"]);
});

test("leaves alone what is there already", async () => {
  const item = await makeStorePath();
  await push([item]);
  const before = (await lstat(join(base, item.destination))).ino;
  await chmod(join(item.source, "bin"), 0o755);
  await writeFile(join(item.source, "bin/new"), "new");
  await push([item, await makeStorePath("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-second-1.0")]);
  expect((await lstat(join(base, item.destination))).ino).toBe(before);
  expect(await readdir(join(base, item.destination, "bin"))).not.toContain("new");
  expect(await readdir(join(base, "artifacts/store"))).toHaveLength(2);
  expect(await listStaging()).toEqual([]);
});

test("leaves a file alone that is there already", async () => {
  const source = join(folder, "store", "file");
  await mkdir(join(folder, "store"));
  await writeFile(source, "first", { mode: 0o444 });
  const item = { source, destination: "artifacts/store/file" };
  await push([item]);
  await rm(source);
  await writeFile(source, "second");
  await push([item]);
  expect(await readFile(join(base, item.destination), "utf8")).toBe("first");
});

test.each(["s9", "another name here"])(
  "refuses a submission that is there already, from a folder named %s",
  async (name) => {
    const source = join(folder, name);
    await mkdir(source);
    const item = { source, destination: "submissions/s9" };
    await push([item]);
    await expect(push([item])).rejects.toMatchObject({
      code: "SYNC_FAILED",
      message: expect.stringContaining("there already"),
    });
  },
);

test("changes nothing when a part cannot be read here", async () => {
  const item = await makeStorePath();
  const gone = { source: join(folder, "gone"), destination: "artifacts/store/gone" };
  await expect(push([item, gone])).rejects.toMatchObject({ code: "LAB_STORE_PATH_MISSING" });
  const lab = { source: join(folder, "nix.store,[x]"), destination: "artifacts/labs/abc", only: ["gone.json"] };
  await expect(push([item, lab])).rejects.toMatchObject({
    code: "SYNC_FAILED",
    message: expect.stringContaining("gone.json"),
  });
  expect(await readdir(join(base, "artifacts/store")).catch(() => [])).toEqual([]);
  expect(await listStaging()).toEqual([]);
});

test.each([0, 512, 10_240, 200_000])("publishes nothing when the stream ends after %i bytes", async (limit) => {
  const item = await makeStorePath();
  await chmod(item.source, 0o755);
  await writeFile(join(item.source, "big"), Buffer.alloc(300_000, 1));
  const cut: Transport = {
    ...transport,
    run: async (request: RunRequest) => transport.run({ ...request, stdin: cutAfter(request.stdin, limit) }),
  };
  await expect(push([item], cut)).rejects.toMatchObject({ code: "SYNC_FAILED" });
  expect(await readdir(join(base, "artifacts/store")).catch(() => [])).toEqual([]);
  expect(await listStaging()).toEqual([]);
});

async function* cutAfter(stdin: RunRequest["stdin"], limit: number): AsyncGenerator<Uint8Array> {
  if (typeof stdin !== "object" || stdin instanceof Uint8Array) throw new Error("not a stream");
  let left = limit;
  for await (const chunk of stdin) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}

test("tells how far it is", async () => {
  const item = await makeStorePath();
  const seen: number[] = [];
  await pushTree(transport, {
    basePath: base,
    items: [item],
    stagingName: "s1",
    onProgress: ({ doneBytes, totalBytes }) => {
      expect(doneBytes).toBeLessThanOrEqual(totalBytes);
      seen.push(doneBytes);
    },
  });
  expect(seen.at(-1)).toBeGreaterThan(5000);
});

test("says what the target's tar said", async () => {
  await writeFile(base, "a file where the base path should be");
  const error = push([await makeStorePath()]);
  await expect(error).rejects.toMatchObject({
    code: "SYNC_FAILED",
    message: expect.stringContaining("Not a directory"),
  });
});

test("refuses a destination that leads out of the base path", async () => {
  for (const destination of ["../x", "artifacts/../../x", "/x/y", "artifacts/store/a b", "artifacts", "-t/x"]) {
    await expect(push([{ source: folder, destination }])).rejects.toThrow(TypeError);
  }
});
