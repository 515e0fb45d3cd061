// A base path on this machine with Labs in it, as pushes and jobs leave them.
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { JobId, LabHash } from "./model/ids.ts";
import { surveyTarget } from "./sync/survey.ts";
import { runCommand } from "./target/command/command.ts";
import { openLocal } from "./target/transport/local.ts";
import type { Transport } from "./target/transport/transport.ts";
import { collectGarbage, type GcRequest } from "./gc/collect-garbage.ts";
import type { GcReport } from "./gc/gc-report.ts";

/** What a Lab consists of, by letters and numbers that stand for names. */
export interface LabSketch {
  readonly hash: LabHash;
  readonly storeNames: readonly string[];
  readonly jobIds: readonly JobId[];
  readonly places: readonly string[];
  readonly programs: string;
}

/** A base path, and how it is used. */
export interface GcStand extends AsyncDisposable {
  /** With an odd name, and by way of a link. */
  readonly base: string;
  readonly transport: Transport;
  /** Registers a root as a submission does. */
  register(lab: LabSketch, project?: string): Promise<void>;
  /** Makes all that a Lab needs, with outputs of its jobs. */
  place(lab: LabSketch): Promise<void>;
  /** Makes all that is there older, roots too. */
  age(days: number): Promise<void>;
  collect(change?: Partial<GcRequest>): Promise<GcReport>;
  /** Puts a script in front of a program that gc uses; the real one is in /usr/bin. */
  wrap(program: string, script: string): Promise<void>;
  /** Everything that is there by the places that can go. */
  list(): Promise<string[]>;
}

/** A Lab whose parts are numbered; the same number is the same part. */
export function sketchLab(letter: string, numbers: readonly number[]): LabSketch {
  return {
    hash: LabHash.parse(letter.repeat(32)),
    storeNames: numbers.map((number) => `${String(number).padStart(32, "0")}-tool-1.0`),
    jobIds: numbers.map((number) => JobId.parse(`${String(number).padStart(32, "0")}-stage-1.1`)),
    places: numbers.flatMap((number) => [
      `artifacts/images/layers/${String(number).repeat(8)}.tar`,
      `artifacts/images/${number}-image.tar`,
      `host-tools/${String(number).padStart(64, "0")}`,
    ]),
    programs: letter.repeat(64),
  };
}

/** The places that a Lab needs. */
export function listNeeds({ hash, storeNames, jobIds, places, programs }: LabSketch): string[] {
  return [
    `artifacts/labs/${hash}`,
    `bin/${programs}`,
    ...storeNames.map((name) => `artifacts/store/${name}`),
    ...jobIds.flatMap((id) => [`artifacts/jobs/${id}`, `outputs/${id}`]),
    ...places,
  ];
}

/** Starts an empty one. */
export async function startGcStand(): Promise<GcStand> {
  const folder = await mkdtemp(join(tmpdir(), "repx-gc-"));
  const base = join(folder, "a 'base' with $signs");
  await mkdir(join(folder, "real base"));
  await symlink("real base", base);
  const tools = join(folder, "tools");
  await mkdir(tools);
  const transport = await openLocal({ environment: { PATH: `${tools}:/usr/bin:/bin` } });
  return {
    base,
    transport,
    register: async (lab, project = "sweep.00000000") => {
      const { storeNames, jobIds, places, hash: labHash, programs: programsHash } = lab;
      const root = { project, jobIds: [], places };
      await surveyTarget(transport, { basePath: base, storeNames, jobIds, labHash, programsHash, root });
    },
    place: async (lab) => {
      for (const place of listNeeds(lab)) await makePlace(join(base, place));
    },
    age: async (days) => {
      const time = new Date(Date.now() - days * 86_400_000);
      for (const name of await readdir(base, { recursive: true })) await utimes(join(base, name), time, time);
    },
    collect: async (change = {}) =>
      collectGarbage(transport, { basePath: base, isDryRun: false, isPinnedOnly: false, ...change }),
    wrap: async (program, script) => writeFile(join(tools, program), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    list: async () => listPlaces(base),
    async [Symbol.asyncDispose]() {
      await runCommand({ argv: ["chmod", "-R", "u+rwx", folder] });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A folder from a store is closed, as Nix leaves it. */
async function makePlace(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (path.endsWith(".tar") && path.includes("/layers/")) {
    await writeFile(path, "x".repeat(5000), { mode: 0o444 });
    return;
  }
  await mkdir(join(path, "inner"), { recursive: true });
  await writeFile(join(path, "inner/file"), "x".repeat(5000), { mode: 0o444 });
  if (!path.includes("/store/")) return;
  await chmod(join(path, "inner"), 0o555);
  await chmod(path, 0o555);
}

const PARENTS = [
  "artifacts/images",
  "artifacts/images/layers",
  "artifacts/jobs",
  "artifacts/labs",
  "artifacts/store",
  "bin",
  "host-tools",
  "outputs",
  "submissions",
];

async function listPlaces(base: string): Promise<string[]> {
  const places = PARENTS.map(async (parent) =>
    (await readdir(join(base, parent)).catch(() => [])).map((name) => `${parent}/${name}`),
  );
  return (await Promise.all(places))
    .flat()
    .filter((place) => place !== "artifacts/images/layers")
    .toSorted();
}
