// Jobs' folders on a target, and targets that send what they should not.
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { lstat, mkdtemp, readdir, readFile, readlink, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Header } from "tar";
import { JobId } from "../../model/ids.ts";
import type { RunRequest, Transport } from "../../target/transport/transport.ts";
import type { PullRequest } from "./pull-request.ts";

export const JOB = JobId.parse(`${"a".repeat(32)}-sim-1.0`);
export const OTHER = JobId.parse(`${"b".repeat(32)}-sim-1.0`);

/** A base path and a destination in a folder of their own. */
export interface PullPlace extends AsyncDisposable {
  readonly folder: string;
  readonly base: string;
  readonly destination: string;
  /** Everything of both jobs, unless a test says otherwise. */
  readonly request: PullRequest;
}

/** Makes an empty base path. */
export async function startPullPlace(parent = tmpdir()): Promise<PullPlace> {
  const folder = await mkdtemp(join(parent, "repx-pull-"));
  const [base, destination] = [join(folder, "a base, with 'quotes'"), join(folder, "results/outputs")];
  mkdirSync(join(base, "outputs"), { recursive: true });
  return {
    folder,
    base,
    destination,
    request: { basePath: base, destination, jobs: [JOB, OTHER], parts: ["out", "repx"] },
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true, force: true }),
  };
}

/** Writes files below `outputs`, by path; all of them an hour old. */
export async function writeOutputs(base: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const place = join(base, "outputs", path);
    mkdirSync(dirname(place), { recursive: true });
    await writeFile(place, content);
    const time = Math.floor(Date.now() / 1000) - 3600;
    await utimes(place, time, time);
  }
}

/** Describes every file and link below a folder: mode, time, and content or target, by path as bytes. */
export async function describeTree(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const walk = async (place: Buffer, path: string): Promise<void> => {
    const stats = await lstat(place);
    const time = Math.floor(stats.mtimeMs / 1000);
    if (stats.isSymbolicLink()) found[path] = `link ${time} ${(await readlink(place, "buffer")).toString("latin1")}`;
    else if (stats.isFile()) {
      const sum = createHash("sha256")
        .update(await readFile(place))
        .digest("hex");
      found[path] = `file ${(stats.mode & 0o7777).toString(8)} ${time} ${sum}`;
    } else {
      found[path] = "folder";
      for (const name of await readdir(place, "buffer")) {
        await walk(Buffer.concat([place, Buffer.from("/"), name]), `${path}/${name.toString("latin1")}`);
      }
    }
  };
  await walk(Buffer.from(folder), "");
  return found;
}

/** One member of a stream made by hand. */
export interface HandMember {
  readonly path: string;
  readonly type?: Header["type"];
  readonly body?: string;
  readonly link?: string;
  readonly mode?: number;
}

/** Makes a tar stream of members, with tar's end. */
export function makeStream(members: readonly HandMember[]): Buffer {
  const blocks = members.flatMap(({ path, type = "File", body = "", link = "", mode = 0o644 }) => {
    const block = Buffer.alloc(512);
    const content = Buffer.from(body);
    const header = new Header({ path, linkpath: link, size: content.length, type, mode, mtime: new Date(1e12) });
    header.encode(block);
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A target that lists as it should, and answers a request for files by a stream of ours, whose hash is right. */
export function sendInstead(
  transport: Transport,
  stream: Buffer,
  {
    sha256 = hashOf(stream),
    said = [],
    padded = 0,
  }: { sha256?: string; said?: readonly string[]; padded?: number } = {},
): Transport {
  return changeFetch(transport, async (request, mark) => {
    await request.onStdout?.(Buffer.concat([Buffer.from(`noise\nbegin ${mark}\n`), stream]));
    const stderr = [...said, "", `${mark} padded ${padded}`, "", `${mark} sum ${sha256}`, ""].join("\n");
    return { exitCode: 0, stdout: "", stderr, durationMs: 1 };
  });
}

/** A target whose commands that send files do something else. */
export function changeFetch(
  transport: Transport,
  answer: (request: RunRequest, mark: string) => ReturnType<Transport["run"]>,
): Transport {
  return {
    description: transport.description,
    run: async (request) =>
      request.argv[3] === "fetch" ? answer(request, request.argv[5] ?? "") : transport.run(request),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Answers a request for a large file by bytes of ours, in pieces as from a network, and the hash of others; without, by no hash. */
export async function answerFile(
  { onStdout }: RunRequest,
  mark: string,
  stream: Buffer,
  hashed: Buffer | undefined,
): ReturnType<Transport["run"]> {
  await onStdout?.(Buffer.from(`noise\nbegin ${mark}\n`));
  for (let at = 0; at < stream.length; at += 32_768) await onStdout?.(stream.subarray(at, at + 32_768));
  const stderr = hashed === undefined ? "" : `\n${mark} sum ${hashOf(hashed)}\n`;
  return { exitCode: 0, stdout: "", stderr, durationMs: 1 };
}

/** A target whose listing arrives as something else. */
export function changeListing(transport: Transport, change: (bytes: Buffer) => Buffer): Transport {
  return {
    description: transport.description,
    async run({ onStdout, ...request }) {
      const chunks: Uint8Array[] = [];
      const output = await transport.run({ ...request, onStdout: (chunk) => void chunks.push(Buffer.from(chunk)) });
      await onStdout?.(change(Buffer.concat(chunks)));
      return output;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Makes a folder for PATH that has these of the machine's programs alone; answers its path. */
export async function linkTools(parent: string, names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(parent, "bin-"));
  for (const name of names) await symlink(join("/usr/bin", name), join(folder, name));
  return folder;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
