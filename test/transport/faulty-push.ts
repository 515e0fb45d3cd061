// What the fault tests send and compare, and one push as a process of its own, which can be killed.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmod, link, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { RepxError } from "../../packages/core/src/model/errors.ts";
import { LabHash } from "../../packages/core/src/model/ids.ts";
import type { PushItem } from "../../packages/core/src/sync/push/push-item.ts";
import { pushTree, type PushRequest } from "../../packages/core/src/sync/push/push.ts";
import { surveyTarget } from "../../packages/core/src/sync/survey.ts";
import { openTransport } from "../../packages/core/src/target/transport/transport.ts";
import { runCommand } from "../harness/command.ts";

const MEBIBYTE = 2 ** 20;

/** A push from a source to a target; what `push-once.ts` reads on stdin. */
export const PushOrder = z.object({
  address: z.object({ user: z.string(), host: z.string(), port: z.int() }),
  privateKey: z.string(),
  knownHosts: z.string(),
  basePath: z.string(),
  items: z.array(z.object({ source: z.string(), destination: z.string() })),
});
export type PushOrder = z.infer<typeof PushOrder>;

/** How a push ended; the last line of `push-once.ts`, whose lines before are numbers of bytes done. */
export const PushEnd = z.union([
  z.object({ sentBytes: z.number(), resumedBytes: z.number() }),
  z.object({ code: z.string(), message: z.string() }),
]);
export type PushEnd = z.infer<typeof PushEnd>;

/** Connects, surveys and pushes what is missing; an error that a person can act on is a value. */
export async function pushHere(
  order: PushOrder,
  options: Pick<PushRequest, "onProgress" | "packer"> = {},
): Promise<PushEnd> {
  const { address, privateKey, knownHosts, basePath, items } = order;
  const target = { name: "c", address, basePath, scheduler: "slurm" as const };
  const storeNames = items.map(({ destination }) => basename(destination));
  const labHash = LabHash.parse("0".repeat(32));
  try {
    const environment = { HOME: "/nonexistent" };
    await using transport = await openTransport(target, { privateKey, knownHosts, environment });
    const survey = await surveyTarget(transport, { basePath, storeNames, jobIds: [], labHash, programsHash: "f00d" });
    const missing = items.filter(({ destination }) => survey.missingStore.includes(basename(destination)));
    return await pushTree(transport, { basePath, items: missing, facts: survey.facts, ...options });
  } catch (error) {
    if (!(error instanceof RepxError)) throw error;
    return { code: error.code, message: error.message };
  }
}

/** Some bytes that are the same for the same seed, and do not compress. */
export function makeNoise(seed: string, size: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash("sha256").update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

/** Writes two store paths with all that a tree can hold: two bundles, and two files that travel in slices. */
export async function writeFaultyTree(folder: string): Promise<PushItem[]> {
  const [one, two] = [join(folder, `${"a".repeat(32)}-one`), join(folder, `${"b".repeat(32)}-two`)];
  await mkdir(join(one, "lib/deep/er"), { recursive: true });
  await mkdir(join(two, "share"), { recursive: true });
  for (let index = 0; index < 120; index += 1) {
    await writeFile(join(one, "lib/deep", `${index % 7}-${index}.txt`), `${"line ".repeat(index * 7)}${index}\n`);
  }
  await writeFile(join(one, "lib/deep/er/empty"), "");
  await writeFile(join(one, "lib/-dash\nline é"), "odd");
  await writeFile(Buffer.from(`${join(one, "lib")}/caf\xe9`, "latin1"), "not UTF-8");
  await writeFile(join(one, "run"), "#!/bin/sh\n");
  await chmod(join(one, "run"), 0o755);
  await symlink("../lib/deep/er/empty", join(one, "lib/link"));
  await link(join(one, "run"), join(one, "lib/run-too"));
  await writeFile(join(two, "share/noise"), makeNoise("noise", 17 * MEBIBYTE));
  await writeFile(join(two, "share/text"), randomLine().repeat((18 * MEBIBYTE) / 64));
  await chmod(join(two, "share"), 0o555);
  return [one, two].map((source) => ({ source, destination: `artifacts/store/${source.slice(folder.length + 1)}` }));
}

function randomLine(): string {
  return `${randomBytes(30).toString("hex")}abc\n`;
}

/** Everything in a store path: type, mode without write bits, links, contents; names as bytes. */
export async function describeStorePath(path: string): Promise<string> {
  const list =
    'cd "$1" && find . -printf "%P %y %l %n\\0" | sort -z && find . -type f -perm /111 -print0 | sort -z && ' +
    "find . -type f -print0 | sort -z | xargs -0 sha256sum -z";
  return (await runCommand(["sh", "-c", list, "sh", path])).stdout;
}

/** A push in a process of its own. */
export interface PushProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<PushEnd | undefined>;
  /** Settles when this many bytes are done, or at the end. */
  reach(bytes: number): Promise<void>;
}

/** Starts a push as a process; its end is undefined when it was killed. */
export function startPush(order: PushOrder): PushProcess {
  const program = fileURLToPath(new URL("push-once.ts", import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(order));
  const waiting = new Set<{ bytes: number; resolve: () => void }>();
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const done = Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1));
    for (const one of waiting) if (done >= one.bytes) one.resolve();
  });
  const ended = new Promise<PushEnd | undefined>((resolve) => {
    child.once("close", () => {
      for (const one of waiting) one.resolve();
      const last = text.trimEnd().split("\n").at(-1) ?? "";
      resolve(last.startsWith("{") ? PushEnd.parse(JSON.parse(last)) : undefined);
    });
  });
  return { child, ended, reach: async (bytes) => new Promise((resolve) => void waiting.add({ bytes, resolve })) };
}
