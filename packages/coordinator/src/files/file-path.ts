import { JobId } from "@repx/core/model";
import * as z from "zod";

const Segment = "[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,99}";

/** Where a file of a job belongs, below the job: plain names, at most five deep. */
export const FilePath = z
  .string()
  .max(300)
  .regex(
    new RegExp(`^${Segment}(/${Segment}){0,4}$`),
    "not a file's place (letters, digits, '.', '_', '+', '-'; no leading dot; at most five folders deep)",
  );

/** A file of a job as a request names it. */
export const FileName = z.object({ job: JobId, path: FilePath });
export type FileName = z.infer<typeof FileName>;

/** By the end of its name; whatever is not here is only ever downloaded. */
const TYPES: Readonly<Record<string, string>> = {
  log: "text/plain; charset=utf-8",
  txt: "text/plain; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
};

/** Says what a file is served as. */
export function readContentType(path: string): string {
  const end = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  return TYPES[end] ?? "application/octet-stream";
}

/** Tells whether a file is a picture that a check or a comment can show. */
export function isFigure(path: string): boolean {
  return readContentType(path).startsWith("image/");
}

/** Where a file lies in the bucket. */
export function renderKey(submission: string, { job, path }: FileName): string {
  return `submissions/${submission}/${job}/${path}`;
}
