// Makes trees, and unpacks and compares what was packed with the real tools, as a user who may not do everything.
import { chownSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../target/command/command.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A folder for one test. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder that is removed at the end, whatever modes are in it. */
export async function startScratch(): Promise<Scratch> {
  const path = await mkdtemp(join(tmpdir(), "repx-pack-"));
  await chmod(path, 0o755);
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await runCommand({ argv: ["chmod", "-R", "u+rwx", path] });
      await rm(path, { recursive: true, force: true });
    },
  };
}

/** A file by its name as bytes. */
export function atBytes(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
}

/** Makes a tree with what a file system allows: odd names, links, sizes at the edges of blocks, closed folders. */
export async function makeOddTree(top: string): Promise<void> {
  mkdirSync(join(top, "closed/inner"), { recursive: true });
  mkdirSync(join(top, "empty"));
  mkdirSync(join(top, "-rf"));
  const deep = join(top, "d".repeat(90), "e".repeat(200));
  mkdirSync(deep, { recursive: true });
  const names = [
    "a\nb",
    "-C",
    "--help",
    "*",
    "\\n",
    "'q\" $x",
    " ",
    "caf\u00c3\u00a9",
    "\u00ff\u00fe\u0001",
    "x".repeat(255),
  ];
  for (const name of names) writeFileSync(atBytes(top, name), name);
  for (const size of [0, 1, 511, 512, 513, 1024, 70_000]) {
    writeFileSync(join(top, `size-${size}`), Buffer.alloc(size, `${size} `));
  }
  // Names of 99, 100 and 101 bytes are where tar changes its form.
  for (const length of [58, 59, 60, 61, 62, 63]) writeFileSync(join(top, "n".repeat(length)), `${length}`);
  writeFileSync(join(deep, "leaf"), "leaf", { mode: 0o755 });
  writeFileSync(join(top, "closed/inner/file"), "in a closed folder");
  linkSync(join(top, "closed/inner/file"), join(top, "closed/name-two"));
  linkSync(atBytes(top, "a\nb"), atBytes(top, "\u00fd hard"));
  for (const [target, name] of [
    ["/absolute", "l1"],
    ["../../up", "l2"],
    ["nowhere\n", "l3"],
    [".", "l4"],
    ["t".repeat(300), "l5"],
  ] as const) {
    symlinkSync(target, join(top, name));
  }
  symlinkSync(Buffer.from("\u00ff", "latin1"), join(top, "l6"));
  const script =
    'find "$1" -exec touch -h -d @86400 {} + && chmod 555 "$1/closed/inner" "$1/closed" && chmod 444 "$1/size-1"';
  await check(["sh", "-c", script, "sh", top]);
}

/** Makes `artifacts` with a staging folder, for one who unpacks. */
export function makeTarget(base: string, staging: string): string {
  const artifacts = join(base, "artifacts");
  mkdirSync(join(artifacts, staging), { recursive: true });
  mkdirSync(join(artifacts, "store/old"), { recursive: true });
  for (const path of [artifacts, join(artifacts, ".staging"), join(artifacts, staging), join(artifacts, "store/old")]) {
    if (isRoot) chownSync(path, NOBODY, NOBODY);
  }
  return artifacts;
}

/** Unpacks an archive with a real tar; a word on its stderr fails. */
export async function unpack(tar: readonly string[], archive: Uint8Array, folder: string): Promise<void> {
  const words = [...tar, "-x", "-p", "-f", "-", "-C", folder];
  const said = await check(isRoot ? asNobody(words) : words, archive);
  if (said !== "") throw new Error(said);
}

/** Lists all that is in a folder, but not itself: kinds, modes, times, names, numbers of links, hashes. */
export async function listTree(folder: string): Promise<string> {
  const script = [
    'cd "$1" && export LC_ALL=C TZ=UTC',
    "find . -mindepth 1 -printf '%P %y %m %T@ %n -> %l\\n' | sort | cat -v",
    "find . -type f -exec sha256sum {} + | sort | cat -v",
  ].join("\n");
  return check(["sh", "-c", script, "sh", folder]);
}

function asNobody(argv: readonly string[]): string[] {
  return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", ...argv];
}

async function check(argv: readonly string[], stdin?: Uint8Array): Promise<string> {
  const { exitCode, stdout, stderr } = await runCommand({ argv, ...(stdin === undefined ? {} : { stdin }) });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} ended with ${exitCode}: ${stderr}`);
  return stdout + stderr;
}
