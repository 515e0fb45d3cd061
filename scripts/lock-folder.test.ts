import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFolder } from "./lock-folder.ts";

let place: string;
let folder: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), "repx-lock-"));
  folder = join(place, "demo");
});
afterEach(async () => rm(place, { recursive: true }));

test("a second process of the same program is refused while the first one lives, and let in afterwards", async () => {
  const program = process.argv[1] ?? "";
  const first = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", program], { stdio: "ignore" });
  await once(first, "spawn");
  await writeFile(`${folder}.pid`, `${first.pid}\n`);
  await expect(lockFolder(folder, { isFresh: false })).rejects.toThrow(`process ${first.pid}`);
  first.kill("SIGKILL");
  await once(first, "exit");
  await using lock = await lockFolder(folder, { isFresh: false });
  expect(lock.folder).toBe(folder);
});

test("a process id that was used again by another program holds nothing", async () => {
  await writeFile(`${folder}.pid`, "1\n");
  await using lock = await lockFolder(folder, { isFresh: false });
  expect(lock.folder).toBe(folder);
});

test("a fresh start empties the folder and keeps the lock", async () => {
  await using first = await lockFolder(folder, { isFresh: false });
  await writeFile(join(first.folder, "old"), "");
  await first[Symbol.asyncDispose]();
  await using second = await lockFolder(folder, { isFresh: true });
  await expect(access(join(second.folder, "old"))).rejects.toThrow("ENOENT");
  await access(`${folder}.pid`);
});
