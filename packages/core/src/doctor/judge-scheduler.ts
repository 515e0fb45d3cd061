// What SLURM on a target must be like. Pure.
import { showWord } from "../target/command/quote.ts";
import type { Check } from "./check.ts";
import type { ConfigFacts } from "./facts.ts";
import type { TargetLook } from "./look-at-target.ts";
import { fail, pass, readFinding, skip, warn } from "./make-check.ts";

/** Batches have up to 1000 jobs; SLURM's limit is the first index that is too high. */
const LEAST_ARRAY_SIZE = 1001;
const NEEDED = ["sbatch", "squeue", "scancel"];
/** What else lies among the submissions is none of ours. */
const SUBMISSION = /^[\w.][\w.-]*$/;
const NEXT_EPILOG =
  "An administrator may, on the host of slurmctld: `sudo packages/core/epilog/repx-epilog-kit install` (docs/epilog.md).";
const NEXT_SPOOL =
  "The spool must be on a file system of both machines, and REPX_SPOOL in SSH sessions must name it: docs/epilog.md.";
const NEXT_NAMESPACES = "Only the nodes count: `srun unshare --user --map-root-user --mount true && echo yes`.";

/** Judges scheduler, arrays, namespaces, epilog and relay. */
export function judgeScheduler(config: ConfigFacts, look: TargetLook): Check[] {
  if (config.scheduler === "local") {
    const names = ["scheduler", "arrays", "epilog"] as const;
    const checks = names.map((name) => skip(name, "the target's scheduler is local: none is needed"));
    return [...checks, judgeNamespaces(look), judgeRelay(config, look)];
  }
  const scheduler = judgeSlurm(look);
  if (scheduler.status === "failed") return [scheduler, judgeNamespaces(look), judgeRelay(config, look)];
  return [scheduler, judgeArrays(look), judgeNamespaces(look), judgeEpilog(look), judgeRelay(config, look)];
}

function judgeSlurm(look: TargetLook): Check {
  const found = new Set(look.findings.get("has"));
  const missing = NEEDED.filter((tool) => !found.has(tool));
  if (missing.length > 0) {
    const next =
      "Name a login node of the cluster as address, or put SLURM on the PATH of sessions without a terminal.";
    return fail("scheduler", `not on the PATH: ${missing.join(", ")}`, next);
  }
  const version = readFinding(look, "slurm-version") || "SLURM";
  const silent = readFinding(look, "slurm-silent");
  if (silent !== undefined) {
    const next = "Ask the site whether slurmctld runs: `scontrol ping`.";
    return fail("scheduler", `${version} does not answer${silent === "" ? "" : `: ${silent}`}`, next);
  }
  const partitions = (look.findings.get("partition") ?? []).map((row) => row.split(/\s+/)[0] ?? "");
  const hasDefault = partitions.some((one) => one.endsWith("*"));
  const accounting = readFinding(look, "slurm-AccountingStorageType") ?? "";
  const parts = [
    version,
    `partitions ${partitions.map((one) => one.replace("*", " (default)")).join(", ") || "unknown"}`,
    accounting === "" || accounting.endsWith("/none") || accounting === "(null)" ? "no accounting" : "accounting",
  ];
  if (partitions.length > 0 && !hasDefault) {
    const next = 'Name one in resources.toml: `[defaults]` with `partition = "…"`.';
    return warn("scheduler", `${parts.join("; ")}; no partition is the default`, next);
  }
  return pass("scheduler", parts.join("; "));
}

function judgeArrays(look: TargetLook): Check {
  const size = Number(readFinding(look, "slurm-MaxArraySize") ?? Number.NaN);
  if (Number.isNaN(size)) return skip("arrays", "scontrol does not say MaxArraySize");
  if (size >= LEAST_ARRAY_SIZE) return pass("arrays", `MaxArraySize is ${size}`);
  const next = `Ask the site for MaxArraySize=${LEAST_ARRAY_SIZE} in slurm.conf, or submit runs with fewer jobs a stage.`;
  return warn("arrays", `MaxArraySize is ${size}; batches have up to ${LEAST_ARRAY_SIZE - 1} jobs`, next);
}

function judgeNamespaces(look: TargetLook): Check {
  if (look.findings.has("namespaces")) return pass("namespaces", "users may make them here");
  if (look.findings.has("nix-store")) return pass("namespaces", "cannot be made here; there is a /nix/store");
  return warn("namespaces", "users cannot make them here, and there is no /nix/store", NEXT_NAMESPACES);
}

function judgeEpilog(look: TargetLook): Check {
  // 23.11 and later list several: EpilogSlurmctld[0].
  const programs = [...look.findings].flatMap(([key, values]) =>
    key.startsWith("slurm-EpilogSlurmctld") ? values : [],
  );
  const completion =
    readFinding(look, "slurm-JobCompType") === "jobcomp/script" ? readFinding(look, "slurm-JobCompLoc") : "";
  const found = [...programs, completion ?? ""].find((program) => program.includes("repx-epilog"));
  const caller = readFinding(look, "epilog-caller");
  const rings = found ?? (caller === undefined ? undefined : `${caller} calls repx-epilog`);
  if (rings !== undefined && look.findings.has("epilog-spool")) return pass("epilog", rings);
  if (rings !== undefined) return warn("epilog", `${rings}, but its spool cannot be read here`, NEXT_SPOOL);
  const other = programs.find((program) => program !== "" && program !== "(null)");
  const also = other === undefined ? "" : `; ${other} may call it`;
  return warn("epilog", `none of ours: ends of jobs are seen up to 15 s late${also}`, NEXT_EPILOG);
}

function judgeRelay({ basePath }: ConfigFacts, look: TargetLook): Check {
  const [dead, alive, elsewhere] = ["relay-dead", "relay-alive", "relay-elsewhere"].map(
    (key) => look.findings.get(key) ?? [],
  );
  const ours = (dead ?? []).filter((name) => SUBMISSION.test(name));
  const [first] = ours;
  if (first !== undefined) {
    const [base, programs] = [showWord(basePath), showWord(`${basePath}/submissions/${first}/programs`)];
    const next = `Start it again: \`setsid nohup "$(cat ${programs})/repx-relay" ${base} ${first} </dev/null >/dev/null 2>&1 &\` there.`;
    return warn("relay", `${ours.length} of a submission that has not ended: ${first} was killed`, next);
  }
  const running = (alive?.length ?? 0) + (elsewhere?.length ?? 0);
  if (running === 0) return pass("relay", "none is needed now");
  return pass(
    "relay",
    `${running} ${running === 1 ? "runs" : "run"}, ${elsewhere?.length ?? 0} of them on another login node`,
  );
}
