// What a target's files say of jobs. The markers are in `<base>/outputs/<job>/repx`: SUCCESS, FAIL, and `.running` while an
// attempt holds the job's turn.
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RepxError } from "../../model/errors.ts";
import type { JobId } from "../../model/ids.ts";

/** What a job's own files say. */
export type Marker = "succeeded" | "failed" | "running";

const FOLDERS_AT_ONCE = 32;
/** From so many on it is cheaper to ask first which jobs have a folder. */
const MANY = 200;
const MOST_LINE = 4096;

/** Reads the markers of jobs; those without any are not in the answer. INPUT_INVALID where there is no such folder. */
export async function readMarkers(base: string, ids: readonly JobId[]): Promise<Map<JobId, Marker>> {
  if ((await stat(base).catch(() => undefined))?.isDirectory() !== true) {
    throw new RepxError("INPUT_INVALID", `there is no folder ${base}, which is named as the target's base path`, {
      hint: "Name the folder that is `base_path` in the target's config, as this machine sees it.",
    });
  }
  const outputs = join(base, "outputs");
  const present = ids.length < MANY ? undefined : new Set(await readNames(outputs));
  const asked = present === undefined ? ids : ids.filter((id) => present.has(id));
  const markers = new Map<JobId, Marker>();
  for (let at = 0; at < asked.length; at += FOLDERS_AT_ONCE) {
    await Promise.all(
      asked.slice(at, at + FOLDERS_AT_ONCE).map(async (id) => {
        const marker = await readMarker(join(outputs, id, "repx"));
        if (marker !== undefined) markers.set(id, marker);
      }),
    );
  }
  if (ids.some((id) => !markers.has(id))) await addCompletions(join(outputs, "completions.jsonl"), ids, markers);
  return markers;
}

/** A marker comes while the turn is still held, and goes when the next attempt begins. */
async function readMarker(folder: string): Promise<Marker | undefined> {
  const names = await readNames(folder);
  if (names.includes("SUCCESS")) return "succeeded";
  if (names.includes("FAIL")) return "failed";
  // An attempt holds the turn by an entry in the folder.
  const turns = names.includes(".running") ? await readNames(join(folder, ".running")) : [];
  return turns.length > 0 ? "running" : undefined;
}

/** None where the folder is not there; a folder that is closed to us would otherwise look like a job that never ran. */
async function readNames(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new RepxError("INPUT_INVALID", `${folder} of the target cannot be read`, {
      hint: "Check the permissions of the target's base path, and that its file system answers.",
      cause,
    });
  });
}

/** RepX 0.5 appends `{"id":"<job>","s":"ok"|"fail"}`; the last line of a job counts, lines that are none are passed over. */
async function addCompletions(path: string, ids: readonly JobId[], markers: Map<JobId, Marker>): Promise<void> {
  if ((await stat(path).catch(() => undefined))?.isFile() !== true) return;
  const asked = new Map(ids.filter((id) => !markers.has(id)).map((id) => [String(id), id]));
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const { id, s } = line.length > MOST_LINE ? {} : parseLine(line);
    const job = asked.get(String(id));
    if (job !== undefined && (s === "ok" || s === "fail")) markers.set(job, s === "ok" ? "succeeded" : "failed");
  }
}

function parseLine(line: string): { readonly id?: unknown; readonly s?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    // A line that was cut off when the disk was full: RepX passes over it, too.
    return {};
  }
}
