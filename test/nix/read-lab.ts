import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const manifestSchema = z.strictObject({
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string() })),
  labId: z.string(),
  lab_version: z.string(),
  metadata: z.string(),
});

const name = z.string().nullable();
const mappingSchema = z.strictObject({
  type: name,
  job_id: name,
  job_id_template: name,
  source: name,
  source_key: name,
  source_output: name,
  source_run: name,
  source_value: name,
  dependency_type: name,
  target_input: z.string(),
});
const jobSchema = z.strictObject({
  executables: z.strictObject({
    main: z.strictObject({
      inputs: z.array(mappingSchema),
      outputs: z.record(z.string(), z.string()),
      path: z.string(),
    }),
  }),
  name: z.string(),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  resource_hints: z.record(z.string(), z.unknown()).optional(),
  stage_type: z.literal("simple"),
});
const runSchema = z.strictObject({
  dependencies: z.record(z.string(), z.enum(["hard", "soft"])),
  gitHash: z.string(),
  image: z.string().optional(),
  jobs: z.record(z.string(), jobSchema),
  name: z.string(),
  type: z.literal("run"),
});

export type LabRun = z.infer<typeof runSchema>;

/** Reads the manifest of a Lab folder, strictly: an unknown or missing field is an error. */
export async function readManifest(lab: string): Promise<z.infer<typeof manifestSchema>> {
  return manifestSchema.parse(JSON.parse(await readFile(join(lab, "lab/lab-metadata.json"), "utf8")));
}

/** Reads the metadata of one run, strictly. */
export async function readRun(lab: string, run: string): Promise<LabRun> {
  return runSchema.parse(JSON.parse(await readFile(join(lab, `revision/metadata-${run}.json`), "utf8")));
}

/** All files below a folder with the SHA-256 of what they hold or link to, sorted by path. */
export async function hashFiles(folder: string): Promise<{ path: string; sha256: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted((a, b) => (a < b ? -1 : 1));
  return Promise.all(
    paths.map(async (path) => ({
      path,
      sha256: createHash("sha256")
        .update(await readFile(join(folder, path)))
        .digest("hex"),
    })),
  );
}
