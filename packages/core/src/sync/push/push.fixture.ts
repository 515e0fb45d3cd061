// A target on this machine for tests of pushes: a user who may not do everything, with the tools of coreutils or of busybox.
import { chownSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../target/command/command.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { RunRequest, Transport } from "../../target/transport/transport.ts";
import type { TargetFacts } from "../target-facts.ts";
import { pushTree, type Pushed, type PushItem, type PushRequest } from "./push.ts";

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** A target and a folder for what is sent to it. */
export interface Stand extends AsyncDisposable {
  readonly folder: string;
  readonly base: string;
  readonly transport: Transport;
  /** What a survey would say now. */
  readFacts(): TargetFacts;
  push(items: readonly PushItem[], change?: Partial<PushRequest> & { over?: Transport }): Promise<Pushed>;
  listStaging(): string[];
  /** A folder for a source, in a folder of their own. */
  makeSource(name: string): string;
}

/** Starts a target whose base path has an odd name. */
export async function startStand(tools: "coreutils" | "busybox" = "coreutils"): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), "repx-push-"));
  await chmod(folder, 0o755);
  const base = join(folder, "a base, with 'quotes' and $signs");
  for (const name of ["", "artifacts", "artifacts/store", "artifacts/.staging", "artifacts/.index", "submissions"]) {
    mkdirSync(join(base, name));
    if (isRoot) chownSync(join(base, name), NOBODY, NOBODY);
  }
  const path = tools === "busybox" ? await linkBusybox(join(folder, "busybox")) : "/usr/bin:/bin";
  const local = await openLocal({ environment: { PATH: path } });
  const transport = isRoot ? asNobody(local) : local;
  const readFacts = (): TargetFacts => ({ ...readState(base), ...FACTS });
  return {
    folder,
    base,
    transport,
    readFacts,
    push: async (items, { over = transport, ...change } = {}) =>
      pushTree(over, { basePath: base, items, facts: readFacts(), ...change }),
    listStaging: () => readdirSync(join(base, "artifacts/.staging")),
    makeSource(name) {
      const source = join(folder, "nix.store,[x]/store", name);
      mkdirSync(source, { recursive: true });
      return source;
    },
    async [Symbol.asyncDispose]() {
      await runCommand({ argv: ["chmod", "-R", "u+rwx", folder] });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const FACTS = {
  freeBytes: Infinity,
  freeFiles: Infinity,
  quotaBytes: Infinity,
  decoders: ["zstd", "gzip"],
  hasOpenssl: true,
  canLink: true,
  toolPath: "",
} satisfies Partial<TargetFacts>;

function readState(base: string): Pick<TargetFacts, "leftovers" | "indexes"> {
  const folder = join(base, "artifacts/.index");
  const indexes = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")] as const);
  return { leftovers: readdirSync(join(base, "artifacts/.staging")), indexes: new Map(indexes) };
}

function asNobody(local: Transport): Transport {
  const prefix = ["/usr/bin/setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return { ...local, run: async (request) => local.run({ ...request, argv: [...prefix, ...request.argv] }) };
}

/** Only what busybox has; no zstd and no openssl. */
async function linkBusybox(folder: string): Promise<string> {
  mkdirSync(folder);
  for (const name of (await runCommand({ argv: ["busybox", "--list"] })).stdout.trim().split("\n")) {
    symlinkSync("/usr/bin/busybox", join(folder, name.replace("/", "")));
  }
  return folder;
}

/** Facts of a target with busybox alone. */
export const BUSYBOX_FACTS = { decoders: ["gzip"], hasOpenssl: false } as const satisfies Partial<TargetFacts>;

/** Store names that differ in nothing but their hash. */
export function nameStore(letter: string, name = "tool-1.0"): string {
  return `${letter.repeat(32)}-${name}`;
}

/** An item that goes to the store under the name it has here. */
export function storeItem(source: string): PushItem {
  return { source, destination: `artifacts/store/${source.slice(source.lastIndexOf("/") + 1)}` };
}

/** Writes files of texts. */
export function writeTexts(folder: string, texts: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, text] of Object.entries(texts)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** Bytes that do not compress, and the same ones for the same seed. */
export function makeNoise(seed: number, size: number): Uint8Array {
  const words = new Uint32Array(size / 4);
  let state = seed;
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[index] = state ^ (state >>> 15);
  }
  return new Uint8Array(words.buffer);
}

/** Commands of a push by what they do. */
export function nameScript({
  argv,
}: RunRequest): "publish" | "adopt" | "discard" | "complete" | "receive" | "make room" {
  const script = argv[argv.indexOf("-c") + 1] ?? "";
  if (script.includes("publish_group")) return "publish";
  if (script.includes("echo adopted")) return "adopt";
  if (script.includes("say blocks")) return "make room";
  if (script.includes("touch -t")) return "complete";
  return script.includes("arrived/") ? "receive" : "discard";
}
