import { readFile, readdir } from "node:fs/promises";
import { basename, join } from "node:path";

const LINES = 60;

/** The last lines of every log file under `folder`, each under its name: what a failed test prints. */
export async function readLogFolder(folder: string): Promise<string> {
  const parts: string[] = [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, "utf8").catch((error: unknown) => String(error));
    if (text.trim() === "") continue;
    parts.push(`--- ${basename(path)} (last ${LINES} lines)\n${text.trimEnd().split("\n").slice(-LINES).join("\n")}`);
  }
  return parts.join("\n");
}

/** Runs `start` and, when it throws, adds the logs to the message. */
export async function withLogs<T>(what: string, readLogs: () => Promise<string>, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${what}: ${reason}\n${await readLogs()}`, { cause: error });
  }
}
