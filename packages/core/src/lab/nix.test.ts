import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildLab } from "./build-lab.ts";
import { LAB_HASH, makeLabFiles, writeLab } from "./lab.fixture.ts";
import { isLabFolder, locateLab } from "./locate-lab.ts";
import { describeNixFailure } from "./nix-failure.ts";
import { startNixLog, type BuildProgress } from "./nix-log.ts";
import { parseStoreRoot } from "./nix-store.ts";

function entry(value: unknown): string {
  return `@nix ${JSON.stringify(value)}`;
}

test("counts builds, and not what other activities count", () => {
  const seen: BuildProgress[] = [];
  const log = startNixLog((progress) => void seen.push(progress));
  log.add("plain text");
  log.add("@nix not json");
  log.add(entry({ action: "start", id: 1, type: 104, level: 5, text: "" }));
  log.add(entry({ action: "start", id: 2, type: 103, level: 5, text: "" }));
  log.add(entry({ action: "result", id: 2, type: 105, fields: [9, 9, 9, 9] }));
  log.add(entry({ action: "start", id: 3, type: 105, fields: [`/nix/store/${"a".repeat(32)}-sum-1.1.drv`, "", 1, 1] }));
  log.add(entry({ action: "result", id: 1, type: 105, fields: [1, 4, 2, 0] }));
  expect(seen).toEqual([
    { done: 0, expected: 0, running: 0, building: "sum-1.1" },
    { done: 1, expected: 4, running: 2, building: "sum-1.1" },
  ]);
});

test("keeps errors without colours, and the last lines of builders", () => {
  const log = startNixLog(() => {});
  log.add(entry({ action: "msg", level: 0, msg: "\u001B[31;1merror:\u001B[0m broken\n  here" }));
  log.add(entry({ action: "msg", level: 1, msg: "warning" }));
  for (let line = 0; line < 100; line++)
    log.add(entry({ action: "result", id: 3, type: 101, fields: [`line ${line}`] }));
  expect(log.errors).toEqual(["error: broken", "  here"]);
  expect(log.builderLines.at(-1)).toBe("line 99");
  expect(log.builderLines).toHaveLength(40);
});

test.each([
  [
    ["error: builder for '/nix/store/x-a.drv' failed with exit code 3", "error: 1 dependencies failed"],
    "nix log /nix/store/x-a.drv",
  ],
  [
    [
      "error: Cannot build '/nix/store/x-a.drv'.",
      "       Reason: builder failed due to signal 9 (Killed).",
      "       Output paths:",
      "         /nix/store/x-a",
      "error: Cannot build '/nix/store/x-b.drv'.",
      "       Reason: 1 dependency failed.",
    ],
    "nix log /nix/store/x-a.drv",
  ],
  [['error: lockfile contains mutable lock \'{"path":"./lib","type":"path"}\''], "remove flake.lock"],
  [["error: path '//x' does not exist"], "Name a folder with a flake.nix"],
  [["error: flake 'path:/x' does not provide attribute 'packages.x.lab'"], "nix flake show .`"],
  [["error: program 'git' failed with exit code 129"], "safe.directory"],
  [["error: could not find a flake.nix file"], "Name a folder with a flake.nix"],
  [["error: undefined variable 'x'"], "--show-trace"],
])("advises on %j", (errors, hint) => {
  const error = describeNixFailure(".#lab", { errors, builderLines: ["its last words"] }, 1);
  expect(error).toMatchObject({ code: "NIX_BUILD_FAILED" });
  expect(error.hint).toContain(hint);
  expect(error.message.includes("its last words")).toBe(hint.startsWith("nix log"));
});

test("what the definition library refuses is the message, and its hint is the hint", () => {
  const errors = [
    "error:",
    "       … while calling the 'throw' builtin",
    "       error: error[LAB_AXIS_EMPTY]: at run r.parameters.x: the axis has no values",
    "       hint: x = [ null ] uses the default of the stage",
    "(use '--show-trace' to show detailed location information)",
  ];
  const error = describeNixFailure(".#lab", { errors, builderLines: [] }, 1);
  expect(error.message).toBe(
    "nix build .#lab failed: error[LAB_AXIS_EMPTY]: at run r.parameters.x: the axis has no values",
  );
  expect(error.hint).toBe("x = [ null ] uses the default of the stage");
});

test("repeats what a builder of the library refuses, with its hint, whatever other builders say around it", () => {
  const builderLines = [
    "checking",
    "error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 3: jq is not on the stage's PATH",
    "hint: add the package that has it to runDependencies, e.g. runDependencies = [ pkgs.jq ];",
    "another builder's line",
  ];
  const errors = ["error: builder for '/nix/store/x-sum-script-1.1.drv' failed with exit code 1"];
  const error = describeNixFailure(".#lab", { errors, builderLines }, 1);
  expect(error.message).toBe(
    "nix build .#lab failed: error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 3: jq is not on the stage's PATH",
  );
  expect(error.hint).toBe("add the package that has it to runDependencies, e.g. runDependencies = [ pkgs.jq ];");
});

test.each([
  ["auto", "/"],
  ["daemon", "/"],
  ["/chroot/", "/chroot"],
  ["/chroot?trusted=1", "/chroot"],
  ["local?root=/chroot", "/chroot"],
  ["local?root=%2Fa%20b", "/a b"],
  ["local://", "/"],
  ["local:///chroot/", "/chroot"],
  ["local:///a%20b", "/a b"],
  ["local://?read-only=true&root=/chroot", "/chroot"],
  ["ssh://host?root=/x", "/"],
])("reads from the store setting %j the root %j", (setting, root) => {
  expect(parseStoreRoot(setting)).toBe(root);
});

test("says that Nix is missing", async () => {
  const request = { reference: ".#lab", environment: { PATH: "/nonexistent" }, cwd: tmpdir() };
  await expect(buildLab(request)).rejects.toMatchObject({ code: "NIX_MISSING" });
});

test.each(["", "--impure"])("refuses %j as a reference", async (reference) => {
  const request = { reference, environment: {}, cwd: tmpdir() };
  await expect(buildLab(request)).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("takes a Lab folder as it is, without Nix", async () => {
  await using written = await writeLab(makeLabFiles());
  expect(await isLabFolder(written.folder)).toBe(true);
  expect(await isLabFolder(tmpdir())).toBe(false);
  const located = await locateLab({ reference: written.folder, environment: { PATH: "/nonexistent" }, cwd: "/" });
  expect(located).toEqual({ folder: written.folder, storeRoot: "/" });
});

test("finds the software of a Lab inside a chroot store beside it", async () => {
  const root = await mkdtemp(join(tmpdir(), "repx-chroot-"));
  const folder = join(root, "nix/store", `${LAB_HASH}-lab`);
  await mkdir(join(folder, "lab"), { recursive: true });
  await writeFile(join(folder, "lab/lab-metadata.json"), "{}");
  const request = { reference: `nix/store/${LAB_HASH}-lab`, environment: {}, cwd: root };
  expect(await locateLab(request)).toEqual({ folder, storeRoot: root });
  await rm(root, { recursive: true });
});
