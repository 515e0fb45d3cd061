import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SYSTEM_PATH } from "../test/harness/command.ts";
import { nixEnvironment } from "../test/harness/nix-environment.ts";
import { writeLibraryFlake, writePackageSet } from "../test/harness/package-set.ts";
import { REPOSITORY_ROOT } from "../test/harness/repository-root.ts";

/** What one `nix build` did. */
export interface Built {
  readonly seconds: number;
  /** The most memory that the nix process had at once. */
  readonly peakBytes: number;
  /** Processor time of it and of the builders. */
  readonly processorSeconds: number;
  /** The names of the derivations that it built. */
  readonly derivations: readonly string[];
  /** The output's path as Nix names it. */
  readonly output: string;
}

/** A chroot store that has the programs of the package set and nothing else. */
export interface FreshStore {
  readonly folder: string;
  /** Evaluates and builds an attribute of `sweep.nix`, as one `nix build`. */
  build(expression: string): Promise<Built>;
}

/** Makes a store in an empty folder. */
export async function startFreshStore(folder: string): Promise<FreshStore> {
  await writeLibraryFlake(join(folder, "library"), REPOSITORY_ROOT);
  await writePackageSet(join(folder, "packages"));
  const sweep = `import ${REPOSITORY_ROOT}/bench/sweep.nix { library = "${folder}/library"; packages = "path:${folder}/packages"; }`;
  const store: FreshStore = {
    folder,
    build: async (expression) =>
      measureNix(folder, [
        "build",
        "--no-link",
        "--print-build-logs",
        "--json",
        "--impure",
        "--expr",
        `with ${sweep}; ${expression}`,
      ]),
  };
  await store.build("tools");
  return store;
}

async function measureNix(folder: string, args: readonly string[]): Promise<Built> {
  const startedAt = performance.now();
  const child = spawn("nix", args, { cwd: folder, env: { PATH: SYSTEM_PATH, ...nixEnvironment(folder) } });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const used = { peakBytes: 0, processorSeconds: 0 };
  const timer = setInterval(() => void readUse(child.pid, used), 20);
  const [code] = await once(child, "close");
  clearInterval(timer);
  const seconds = (performance.now() - startedAt) / 1000;
  if (code !== 0) throw new Error(`nix ended with ${String(code)}\n${output.stderr}`);
  const path = /"out":"([^"]+)"/.exec(output.stdout)?.[1];
  if (path === undefined) throw new Error(`nix build printed no output path: ${output.stdout}`);
  const derivations = [...output.stderr.matchAll(/^building '\/nix\/store\/[0-9a-z]{32}-(.+)\.drv'/gm)];
  return { seconds, ...used, derivations: derivations.map(([, name]) => name ?? ""), output: path };
}

interface Use {
  peakBytes: number;
  processorSeconds: number;
}

/** Takes what a process has used so far; both figures only grow, so that the last reading is all but the end. */
async function readUse(pid: number | undefined, used: Use): Promise<void> {
  const read = async (file: string) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const [status, stat] = await Promise.all([read("status"), read("stat")]);
  // After the name in parentheses: utime, stime, cutime and cstime are the 12th to 15th, in hundredths of a second.
  const times = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  used.peakBytes = Math.max(used.peakBytes, 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
  used.processorSeconds = Math.max(
    used.processorSeconds,
    times.reduce((sum, ticks) => sum + Number(ticks) / 100, 0),
  );
}
