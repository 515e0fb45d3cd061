// A target on this machine with stand-ins for SLURM's clients, and a way there that counts commands.
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExperimentRequest, RegisteredRequest } from "./experiment.ts";
import { CommitSha } from "./model/ids.ts";
import { NO_WISHES, type PlanWishes } from "./schedule/plan-wishes.ts";
import { openLocal } from "./target/transport/local.ts";
import type { Transport } from "./target/transport/transport.ts";

export interface PlanStand extends AsyncDisposable {
  /** The target's base path. */
  readonly base: string;
  /** How many commands ran there. */
  countCommands(): number;
  readonly open: () => Promise<Transport>;
  request(lab: string, runs?: readonly string[], wishes?: Partial<PlanWishes>): RegisteredRequest;
  writeProgram(name: string, text: string): Promise<void>;
}

/** Makes an empty base path; `sbatch` refuses, and `squeue` knows nothing. */
export async function startPlanStand(): Promise<PlanStand> {
  const folder = await mkdtemp(join(tmpdir(), "repx-plan-"));
  const base = join(folder, "base");
  for (const name of ["base", "bin", "temporary", "programs"]) await mkdir(join(folder, name));
  const writeProgram = async (name: string, text: string): Promise<void> => {
    await writeFile(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, "bin", name), 0o755);
  };
  await writeProgram("sbatch", "exit 1");
  await writeProgram("squeue", "exit 0");
  let commands = 0;
  const open = async (): Promise<Transport> => {
    const local = await openLocal({ environment: { PATH: `${folder}/bin:/usr/bin:/bin`, HOME: folder } });
    return {
      ...local,
      run: async (command) => {
        commands += 1;
        return local.run(command);
      },
    };
  };
  return {
    base,
    countCommands: () => commands,
    open,
    request: (lab, runs = [], wishes = {}) => ({
      ...makeRequest(folder, { lab, runs, wishes: { ...NO_WISHES, ...wishes } }),
      target: { found: { name: "here", basePath: base, scheduler: "slurm" }, open },
    }),
    writeProgram,
    [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }),
  };
}

function makeRequest(
  folder: string,
  wanted: Pick<ExperimentRequest, "lab" | "runs"> & { readonly wishes: PlanWishes },
): Omit<RegisteredRequest, "target"> {
  return {
    ...wanted,
    commit: { headSha: CommitSha.parse("0".repeat(40)), pullRequest: undefined },
    files: { config: "config.toml", resources: undefined, programs: join(folder, "programs") },
    coordinator: { origin: "http://127.0.0.1:9", requestIdToken: async () => "token" },
    process: {
      environment: { HOME: folder, XDG_CONFIG_DIRS: "/nowhere" },
      workFolder: folder,
      temporaryFolder: join(folder, "temporary"),
      now: () => new Date(0),
    },
    watch: { reporter: { start: () => {}, progress: () => {}, finish: () => {} }, onRegistered: () => {} },
  };
}
