// What a target must be for files to be sent to it and for jobs to find them. Pure.
import { renderBytes } from "../model/render-bytes.ts";
import { showWord } from "../target/command/quote.ts";
import type { Check } from "./check.ts";
import type { ConfigFacts } from "./facts.ts";
import type { TargetLook } from "./look-at-target.ts";
import { fail, pass, readFinding, skip, warn } from "./make-check.ts";

const LEAST_BYTES = 1e9;
const LEAST_FILES = 10_000;
const MOST_SKEW_SECONDS = 30;
/** What receiving and publishing use on the target. */
const SYNC_TOOLS = ["cat", "chmod", "dd", "df", "head", "id", "ln", "mkdir", "mv", "rm", "sha256sum", "tail", "tar"];
/** What the relay and the job wrapper use beside those. */
const JOB_TOOLS = ["awk", "cut", "date", "env", "find", "grep", "nohup", "readlink", "sed", "setsid", "sleep"].concat([
  "sort",
  "stat",
  "touch",
  "tr",
  "uname",
  "wc",
  "xargs",
  "timeout",
  "mkfifo",
  "nproc",
  "curl",
]);
/** Makes sending faster. */
const FAST_TOOLS = ["zstd", "openssl"];

/** Judges shell, base path, space, tools, links and clock. */
export function judgeMachine(config: ConfigFacts, look: TargetLook): Check[] {
  const base = judgeBasePath(config, look);
  const isUsable = base.status !== "failed";
  return [
    ...(config.isRemote ? [judgeShell(look)] : []),
    base,
    ...(isUsable ? [judgeSpace(config, look)] : []),
    judgeTools(look),
    ...(isUsable ? [judgeLinks(look)] : []),
    judgeClock(look),
  ];
}

function judgeShell(look: TargetLook): Check {
  const shell = readFinding(look, "shell") || "a shell that does not say its name";
  const printed = readFinding(look, "prints") ?? "";
  if (printed === "") return pass("login shell", shell);
  return warn(
    "login shell",
    `${shell} prints ${JSON.stringify(printed.slice(0, 40))} without a terminal, which is passed over`,
    "Other tools trip over it (scp, rsync): let its start-up files print only on a terminal, `[ -t 1 ] && …`.",
  );
}

function judgeBasePath({ basePath }: ConfigFacts, look: TargetLook): Check {
  const name = "base path";
  const user = readFinding(look, "user") ?? "the user";
  const at = readFinding(look, "base-at") ?? basePath;
  if (look.findings.has("base-slow")) {
    const next = `See on the target whether its file system hangs: \`df -h ${showWord(basePath)}\`.`;
    return fail(name, `${basePath} does not answer within 10 seconds`, next);
  }
  const file = readFinding(look, "base-file");
  if (file !== undefined) return fail(name, `${file} is not a folder`, `Move it away, or set another base_path.`);
  if (!look.findings.has("writable")) {
    const said = readFinding(look, "unwritable") ?? "";
    const next = `Set base_path to a folder that ${user} may write to, or have it made: \`install -d -o ${showWord(user)} ${showWord(basePath)}\`.`;
    return fail(name, `${user} cannot write to ${at}${said === "" ? "" : `: ${said.replace(/^\w+: /, "")}`}`, next);
  }
  const closed = look.findings.get("closed") ?? [];
  if (closed.length > 0) {
    const next = `Give it back to ${user}: \`chown -R ${showWord(user)} ${showWord(`${basePath}/${closed[0]}`)}\` and \`chmod u+rwx\`.`;
    return fail(name, `${user} cannot write to ${closed.join(", ")} in ${basePath}`, next);
  }
  if (!look.findings.has("executable")) {
    const next =
      "Set base_path to a folder on a file system without noexec: `findmnt --target PATH` shows the options.";
    return fail(name, `files in ${at} cannot be executed`, next);
  }
  const link = readFinding(look, "base-link");
  const seen = link === undefined ? "" : `, a link to ${link}`;
  if (at !== basePath) return pass(name, `${basePath} will be made in ${at}`);
  return pass(name, `${basePath} can be written by ${user}${seen}`);
}

function judgeSpace({ basePath }: ConfigFacts, look: TargetLook): Check {
  const bytes = readAvailable(readFinding(look, "space"), 1024);
  const files = readAvailable(readFinding(look, "files"), 1);
  const quota = readQuota(readFinding(look, "quota"));
  const shown = [
    ...(bytes === undefined ? [] : [`${renderBytes(bytes)} free`]),
    ...(files === undefined ? [] : [`${files.toLocaleString("en-US")} more files`]),
    ...(quota === undefined ? [] : [`${renderRoom(quota.bytes)} and ${renderCount(quota.files)} left of the quota`]),
  ];
  if (shown.length === 0) return skip("space", "the target cannot tell");
  const message = shown.join(", ");
  const leastBytes = Math.min(bytes ?? Infinity, quota?.bytes ?? Infinity);
  const leastFiles = Math.min(files ?? Infinity, quota?.files ?? Infinity);
  const folder = showWord(basePath);
  const next = `Make room: \`df -h ${folder}\`, \`df -i ${folder}\` and \`quota\` say how much there is.`;
  if (leastBytes <= 0 || leastFiles <= 0) return fail("space", message, next);
  if (leastBytes < LEAST_BYTES || leastFiles < LEAST_FILES) return warn("space", message, next);
  return pass("space", message);
}

function renderRoom(bytes: number): string {
  return bytes === Infinity ? "any size" : renderBytes(bytes);
}

function renderCount(files: number): string {
  return files === Infinity ? "any number of files" : `${files.toLocaleString("en-US")} files`;
}

/** A line of `df -P`: its fourth number field is what is available; file systems without inodes say 0 of 0. */
function readAvailable(line: string | undefined, unit: number): number | undefined {
  const parts = /\s(?<total>\d+)\s+\d+\s+(?<free>-?\d+)\s+(?:\d+%|-)/.exec(line ?? "")?.groups;
  if (parts === undefined || Number(parts["total"]) === 0) return undefined;
  return Number(parts["free"]) * unit;
}

/** A row of `quota -w -p`: used, soft, hard and grace of 1 KiB blocks, then of files; 0 is no limit. */
function readQuota(row: string | undefined): { readonly bytes: number; readonly files: number } | undefined {
  const words = (row ?? "").split(/\s+/).map((word) => Number(word.replace("*", "")));
  const [blocks, soft, hard, , files, softFiles, hardFiles] = words;
  if (blocks === undefined || soft === undefined || hard === undefined || Number.isNaN(blocks + soft + hard))
    return undefined;
  const quota = {
    bytes: leave(blocks, soft, hard) * 1024,
    files: leave(files ?? 0, softFiles ?? 0, hardFiles ?? 0),
  };
  return quota.bytes === Infinity && quota.files === Infinity ? undefined : quota;
}

function leave(used: number, ...limits: readonly number[]): number {
  return limits.reduce((least, limit) => (limit > 0 ? Math.min(least, Math.max(0, limit - used)) : least), Infinity);
}

function judgeTools(look: TargetLook): Check {
  const found = new Set([...(look.findings.get("has") ?? []), ...(look.findings.get("deployed") ?? [])]);
  const lacks = (tools: readonly string[]): string[] => tools.filter((tool) => !found.has(tool));
  const missing = lacks([...SYNC_TOOLS, ...JOB_TOOLS]);
  if (missing.length > 0) {
    const next =
      "Have them installed, or put them on the PATH of sessions without a terminal: `ssh HOST 'echo $PATH'`.";
    return fail("tools", `not on the PATH: ${missing.join(", ")}`, next);
  }
  const slow = lacks(FAST_TOOLS);
  const tar = readFinding(look, "tar");
  const seen = tar === undefined || tar === "" ? "all there" : `all there, ${tar}`;
  if (slow.length === 0) return pass("tools", seen);
  const next = "Sending is slower without; a Lab's host tools bring zstd where nixpkgs has it: `repx sync`.";
  return warn("tools", `${seen}; without ${slow.join(" and ")}`, next);
}

function judgeLinks(look: TargetLook): Check {
  if (look.findings.has("links")) return pass("hard links", "work");
  const said = readFinding(look, "no-links") ?? "";
  const next = "Nothing to do: files that did not change are then sent again, which costs time and space.";
  return warn(
    "hard links",
    `cannot be made in the base path${said === "" ? "" : `: ${said.replace(/^\w+: /, "")}`}`,
    next,
  );
}

function judgeClock(look: TargetLook): Check {
  const { earliest, latest } = look.clock;
  const there = Number(readFinding(look, "time") || Number.NaN);
  if (Number.isNaN(there)) return skip("clock", "the target cannot tell");
  // The target's is in whole seconds.
  const skew = there + 1 < earliest ? there + 1 - earliest : Math.max(0, there - latest);
  const seconds = Math.round(Math.abs(skew));
  if (seconds <= MOST_SKEW_SECONDS)
    return pass("clock", seconds === 0 ? "agrees with this machine's" : `differs by ${seconds} s`);
  return warn(
    "clock",
    `is ${seconds} s ${skew < 0 ? "behind" : "ahead of"} this machine's`,
    "Times in reports will not fit together: have both machines' clocks set by NTP, `timedatectl`.",
  );
}
