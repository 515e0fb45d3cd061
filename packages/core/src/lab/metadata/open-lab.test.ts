import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { RepxError } from "../../model/errors.ts";
import {
  GENERATE_1,
  LAB_HASH,
  PLOT,
  STORE_PATH,
  SUM,
  makeLabFiles,
  makeMapping,
  writeLab,
  type LabFiles,
} from "../lab.fixture.ts";
import { openLab } from "./open-lab.ts";
import { verifyLab } from "../verification/verify-lab.ts";

const SIMULATION = "revision/metadata-simulation.json";
const ANALYSIS = "revision/metadata-analysis.json";

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Sets a value deep inside plain data, by an RFC 6901 pointer; undefined deletes. */
function change(files: LabFiles, file: string, pointer: string, value: unknown): LabFiles {
  const parts = [file, ...pointer.split("/").slice(1)];
  const last = parts.pop() ?? "";
  let at: Record<string, unknown> = files;
  for (const part of parts) {
    const next = at[part];
    if (!isTable(next)) throw new Error(`nothing at ${part} of ${pointer}`);
    at = next;
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
  return files;
}

async function refuse(folder: string): Promise<RepxError> {
  const error: unknown = await openLab(folder).catch((caught: unknown) => caught);
  if (!(error instanceof RepxError)) throw new Error(`no RepxError: ${String(error)}`);
  return error;
}

test("reads runs, jobs, groups and the closure", async () => {
  await using written = await writeLab(makeLabFiles());
  const { lab, metadataPaths } = await openLab(written.folder);
  expect(lab.hash).toBe(LAB_HASH);
  expect(lab.gitHash).toBe("d34db33f");
  expect([...lab.runs.keys()]).toEqual(["simulation", "analysis"]);
  expect([...(lab.groups.get("all") ?? [])]).toEqual(["simulation", "analysis"]);
  expect(lab.jobs.size).toBe(4);
  const analysis = [...lab.runs.values()][1];
  expect(analysis).toMatchObject({
    metadataPath: ANALYSIS,
    jobIds: [PLOT],
    dependencies: new Map([["simulation", "hard"]]),
  });
  expect(lab.storePaths).toEqual([STORE_PATH]);
  expect(metadataPaths).toEqual([
    "lab/lab-metadata.json",
    "revision/metadata-top.json",
    SIMULATION,
    ANALYSIS,
    "closure/store-paths",
  ]);
  expect(await verifyLab(await openLab(written.folder))).toEqual({ files: lab.manifest.files.length });
});

test("reads a Lab without a closure, and with a manifest under an older name", async () => {
  await using written = await writeLab({ ...makeLabFiles() });
  await rm(join(written.folder, "closure"), { recursive: true });
  await rename(join(written.folder, "lab/lab-metadata.json"), join(written.folder, "lab/abc-lab-metadata.json"));
  const { lab, metadataPaths } = await openLab(written.folder);
  expect(lab.storePaths).toEqual([]);
  expect(metadataPaths[0]).toBe("lab/abc-lab-metadata.json");
});

test("says that a folder does not exist", async () => {
  expect(await refuse("/nonexistent/lab")).toMatchObject({ code: "LAB_MISSING" });
});

test.each([
  ["revision/metadata-top.json", "/type", "leaf", "at /type"],
  ["revision/metadata-top.json", "/runs/0", "../x.json", "at /runs/0: not a path inside the Lab"],
  ["revision/metadata-top.json", "/runs/0", "/etc/passwd", "at /runs/0: not a path inside the Lab"],
  ["revision/metadata-top.json", "/runs/0", "revision/none.json", "revision/none.json is missing"],
  ["revision/metadata-top.json", "/groups/all/0", "nobody", "group all names the run nobody"],
  [SIMULATION, "/name", "a/b", "at /name"],
  [SIMULATION, `/jobs/${SUM}/executables/main/path`, 7, `${SIMULATION} at /jobs/${SUM}/executables/main/path`],
  [SIMULATION, `/jobs/${SUM}/executables/main/path`, "jobs/../x", `at /jobs/${SUM}/executables/main/path`],
  [SIMULATION, `/jobs/${SUM}/executables/main/path`, `jobs/${GENERATE_1}/bin/sum`, "it is not in the job's folder"],
  [SIMULATION, `/jobs/${SUM}/resource_hints/sbatch_opts`, "--x", "resource_hints/sbatch_opts"],
  [SIMULATION, `/jobs/${GENERATE_1}`, undefined, `comes from job ${GENERATE_1}, which no run has`],
  [ANALYSIS, "/name", "simulation", "the run simulation is there twice"],
  [ANALYSIS, "/dependencies", { "revision/none.json": "hard" }, "no run has the metadata revision/none.json"],
  [ANALYSIS, `/jobs/${PLOT}/executables/main/inputs/0/source_run`, "nobody", "comes from run nobody"],
])("refuses %s with %s = %j", async (file, pointer, value, message) => {
  await using written = await writeLab(change(makeLabFiles(), file, pointer, value));
  const error = await refuse(written.folder);
  expect(error.code).toBe("LAB_INVALID");
  expect(error.message).toContain(message);
});

test("refuses jobs and runs that wait for each other", async () => {
  const wire = makeMapping({ type: "intra-pipeline", job_id: SUM, source_output: "total", target_input: "back" });
  const jobs = change(makeLabFiles(), SIMULATION, `/jobs/${GENERATE_1}/executables/main/inputs`, [wire]);
  await using first = await writeLab(jobs);
  expect((await refuse(first.folder)).message).toContain(`${SUM} -> ${GENERATE_1} -> ${SUM}`);
  await using second = await writeLab(change(makeLabFiles(), SIMULATION, "/dependencies", { [ANALYSIS]: "soft" }));
  expect((await refuse(second.folder)).message).toContain("waits for itself");
});

test("refuses what is not JSON, a missing manifest and a missing job folder", async () => {
  await using broken = await writeLab({ ...makeLabFiles(), [SIMULATION]: "{" });
  expect((await refuse(broken.folder)).message).toContain(`${SIMULATION} is not JSON`);
  await using written = await writeLab(makeLabFiles());
  await rm(join(written.folder, "jobs", SUM), { recursive: true });
  expect((await refuse(written.folder)).message).toContain(`jobs/${SUM} is missing`);
  await symlink("/tmp", join(written.folder, "jobs", SUM));
  expect((await refuse(written.folder)).message).toContain(`jobs/${SUM} is missing`);
  await rm(join(written.folder, "lab"), { recursive: true });
  expect((await refuse(written.folder)).message).toContain("lab/lab-metadata.json is missing");
});

test("refuses metadata that a symbolic link leads out of the Lab, and follows one inside", async () => {
  await using other = await writeLab(makeLabFiles());
  await using written = await writeLab(makeLabFiles());
  await mkdir(join(written.folder, "else"));
  await rename(join(written.folder, SIMULATION), join(written.folder, "else/s.json"));
  await symlink("../else/s.json", join(written.folder, SIMULATION));
  expect((await openLab(written.folder)).lab.jobs.size).toBe(4);
  await rm(join(written.folder, SIMULATION));
  await symlink(join(other.folder, SIMULATION), join(written.folder, SIMULATION));
  expect((await refuse(written.folder)).message).toContain(`${SIMULATION} leads out of the Lab`);
});

test("refuses a closure with anything but store paths", async () => {
  await using written = await writeLab({ ...makeLabFiles(), "closure/store-paths": "/nix/store/../../etc\n" });
  expect((await refuse(written.folder)).message).toContain("is not a store path");
});

test("verifying names the files that changed or went", async () => {
  await using written = await writeLab(makeLabFiles());
  const opened = await openLab(written.folder);
  await writeFile(join(written.folder, `jobs/${SUM}/bin/sum`), "#!/bin/sh\nrm -rf /\n");
  await expect(verifyLab(opened)).rejects.toMatchObject({
    code: "LAB_INVALID",
    details: { files: [`jobs/${SUM}/bin/sum`] },
  });
  await rm(join(written.folder, `jobs/${SUM}/bin/sum`));
  await expect(verifyLab(opened)).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining("missing"),
  });
});
