// The program that makes an image's files present on a node, run by real shells with real tar and bubblewrap.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type BoxImage, type LayerFiles, writeBoxImage } from "../harness/box-image.ts";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type CommandOutput, runCommand, SYSTEM_PATH, tryCommand } from "../harness/command.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { makeTargetFolder, type TargetFolder } from "./target-folder.ts";

const FOLDER = "/tmp/repx-node-image";

let user: ClusterUser;
let target: TargetFolder;
let node: string;

beforeAll(async () => {
  user = await ensureClusterUser();
});
beforeEach(async () => {
  target = await makeTargetFolder(FOLDER, user);
  node = join(target.base, "node");
  await mkdir(node);
});
afterEach(async () => {
  await target[Symbol.asyncDispose]();
  await rm(FOLDER, { recursive: true, force: true });
});

async function writeImage(more: readonly LayerFiles[] = []): Promise<BoxImage> {
  const image = await writeBoxImage(target.base, more);
  await target.giveAway();
  return image;
}

interface UnpackOptions {
  readonly nodeLocal?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

async function unpack(
  image: BoxImage,
  { nodeLocal = node, environment = {} }: UnpackOptions = {},
): Promise<CommandOutput> {
  const program = join(target.programs, "node-image.sh");
  return tryCommand([program, "rootfs", nodeLocal, target.base, image.name, "/usr/bin/bwrap"], {
    user,
    environment: { REPX_LAYER_SPARE_KILOBYTES: "0", ...environment },
    timeoutSeconds: 60,
  });
}

async function listHidden(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith("."));
}

test("the files of all layers are there, those that a higher layer takes away are not", async () => {
  const { exitCode, stdout, stderr } = await unpack(await writeImage());
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  const rootfs = stdout.trim();
  expect(rootfs.startsWith(join(node, "repx/rootfs/"))).toBe(true);
  expect(await readdir(join(rootfs, "etc"))).toEqual(["passwd"]);
  expect(await readdir(join(rootfs, "opaque"))).toEqual(["above"]);
  expect(await readFile(join(rootfs, "replaced"), "utf8")).toBe("a file\n");
  expect((await runCommand([join(rootfs, "bin/busybox"), "echo", "runs"])).stdout).toBe("runs\n");
  expect(await listHidden(join(node, "repx/rootfs"))).toEqual([]);
});

test("a higher layer puts files into folders that are closed, as those of a Nix store", async () => {
  const { stdout } = await unpack(await writeImage([{ "nix/store/abc-name/file": "in the store\n" }]));
  expect(await readFile(join(stdout.trim(), "nix/store/abc-name/file"), "utf8")).toBe("in the store\n");
});

test("what is there is not unpacked again, even when the layers are gone", async () => {
  const image = await writeImage();
  const first = await unpack(image);
  await rm(join(target.base, "artifacts/images/layers"), { recursive: true });
  await rm(join(node, "repx/layers"), { recursive: true });
  expect(await unpack(image)).toEqual(first);
});

test("of eight jobs that begin at once one unpacks, and all have it", async () => {
  const image = await writeImage();
  const bin = join(target.base, "counting");
  await mkdir(bin);
  await writeFile(
    join(bin, "mkdir"),
    `#!/bin/sh\ncase "$*" in *.draft*) echo one >>${node}/drafts ;; esac\nexec /bin/mkdir "$@"\n`,
    {
      mode: 0o755,
    },
  );
  await target.giveAway();
  const environment = { PATH: `${bin}:${SYSTEM_PATH}` };
  const outputs = await Promise.all(Array.from({ length: 8 }, async () => unpack(image, { environment })));
  expect(new Set(outputs.map(({ exitCode, stdout }) => `${exitCode} ${stdout}`)).size).toBe(1);
  expect(outputs[0]?.exitCode).toBe(0);
  expect(await readFile(join(node, "drafts"), "utf8")).toBe("one\n");
});

test("two images are unpacked side by side: one does not wait for the other", async () => {
  const [one, two] = [await writeImage(), await writeImage([{ more: "more\n" }])];
  await unpack(one);
  const [name = ""] = await readdir(join(node, "repx/rootfs"));
  await rm(join(node, "repx/rootfs", name), { recursive: true });
  const host = (await runCommand(["uname", "-n"])).stdout.trim();
  // Held by a process of the same user that lives.
  const holder = spawn("sleep", ["600"], { uid: user.uid, gid: user.gid, stdio: "ignore" });
  const lock = join(node, "repx/rootfs", `.lock.${name}.${host}`);
  try {
    await symlink(String(holder.pid), lock);
    expect((await unpack(two)).exitCode).toBe(0);
    expect(await readlink(lock)).toBe(String(holder.pid));
  } finally {
    holder.kill();
  }
});

test("a job that was killed while it unpacked leaves a lock and a draft, which the next one takes over", async () => {
  const image = await writeImage([{ "nix/store/abc/file": "x\n" }]);
  const bin = join(target.base, "slow");
  await mkdir(bin);
  await writeFile(join(bin, "mv"), '#!/bin/sh\ntouch "$REACHED"\nexec sleep 60\n', { mode: 0o755 });
  await target.giveAway();
  const reached = join(node, "reached");
  await runCommand(["chmod", "777", node]);
  // The layers first, so that the mv that is reached is that of the files.
  await runCommand(
    [
      "sh",
      join(target.programs, "node-layers.sh"),
      node,
      join(target.base, "artifacts/images/layers"),
      ...image.digests,
    ],
    { user },
  );
  const child = spawn(
    join(target.programs, "node-image.sh"),
    ["rootfs", node, target.base, image.name, "/usr/bin/bwrap"],
    {
      uid: user.uid,
      gid: user.gid,
      env: { PATH: `${bin}:${SYSTEM_PATH}`, REACHED: reached },
      stdio: "ignore",
      detached: true,
    },
  );
  const ended = once(child, "exit");
  await waitUntil({ what: "the files to be unpacked", timeoutSeconds: 30 }, async () => existsSync(reached));
  process.kill(-(child.pid ?? 0), "SIGKILL");
  await ended;
  expect(await listHidden(join(node, "repx/rootfs"))).toHaveLength(2);
  expect(await unpack(image)).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await listHidden(join(node, "repx/rootfs"))).toEqual([]);
});

test("without a folder of the node the files lie below the base path, once for all nodes", async () => {
  const image = await writeImage();
  const { exitCode, stdout } = await unpack(image, { nodeLocal: "-" });
  expect(exitCode).toBe(0);
  expect(stdout.startsWith(join(target.base, "cache/rootfs/"))).toBe(true);
  expect((await unpack(image, { nodeLocal: "-" })).stdout).toBe(stdout);
});

test("without room on the node the files lie below the base path", async () => {
  await runCommand(["mount", "-t", "tmpfs", "-o", `size=1m,uid=${user.uid},mode=0700`, "repx-test", node]);
  try {
    const { exitCode, stdout } = await unpack(await writeImage());
    expect(exitCode).toBe(0);
    expect(stdout.startsWith(join(target.base, "cache/rootfs/"))).toBe(true);
    expect(await listHidden(join(node, "repx/rootfs"))).toEqual([]);
  } finally {
    await runCommand(["umount", node]);
  }
});

test.each(["-", "node"])(
  "a layer that is not what its name says ends with 65 and leaves nothing: %s",
  async (place) => {
    const image = await writeImage();
    const path = join(target.base, "artifacts/images/layers", `${image.digests[1]}.tar`);
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(512)]));
    const nodeLocal = place === "-" ? "-" : node;
    const output = await unpack(image, { nodeLocal });
    expect(output).toMatchObject({ exitCode: 65, stdout: "" });
    expect(output.stderr).toContain("is not the layer that its name says");
    const folder = place === "-" ? join(target.base, "cache/rootfs") : join(node, "repx/rootfs");
    expect(await readdir(folder)).toEqual([]);
  },
);

test("an image that is not there ends with 66", async () => {
  const output = await unpack({ name: "none-image.tar", digests: [], id: "" });
  expect(output).toMatchObject({ exitCode: 66, stdout: "" });
  expect(output.stderr).toContain("none-image.tar");
});

test("a link in one layer does not lead another layer's file, or its whiteout, out of the image", async () => {
  const outside = join(target.base, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "kept"), "kept\n");
  await chmod(outside, 0o777);
  const link: LayerFiles = { way: { link: outside } };
  const written = await unpack(await writeImage([link, { "way/written": "x" }]));
  expect(existsSync(join(outside, "written"))).toBe(false);
  expect(written).toMatchObject({ exitCode: 69, stdout: "" });
  for (const whiteout of ["way/.wh.kept", "way/.wh..wh..opq"]) {
    expect((await unpack(await writeImage([link, { [whiteout]: "" }]))).exitCode).toBe(69);
  }
  expect(await readdir(outside)).toEqual(["kept"]);
});
