import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sendDescription } from "./hand-over.ts";
import { openLab } from "./lab/metadata/open-lab.ts";
import { writeRepxLab } from "./lab/repx-lab.fixture.ts";
import { surveyTarget, type Survey } from "./sync/survey.ts";
import { openLocal } from "./target/transport/local.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-hand-over-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test("what describes a Lab is sent alone, and only where it is missing", async () => {
  const [base, lab] = [join(folder, "base"), join(folder, "lab")];
  await writeRepxLab(lab);
  const opened = await openLab(lab);
  const transport = await openLocal();
  const look = async (): Promise<Survey> =>
    surveyTarget(transport, {
      basePath: base,
      storeNames: [],
      jobIds: opened.order,
      labHash: opened.lab.hash,
      programsHash: "f00d",
    });
  const send = async (survey: Survey): Promise<void> =>
    sendDescription(transport, {
      study: { opened, storeRoot: "/", runs: [], order: opened.order, asked: new Set(), dependencies: new Map() },
      programs: { folder: lab, hash: "f00d" },
      target: { name: "here", basePath: base, scheduler: "slurm" },
      survey,
    });
  await send(await look());
  const sent = await readdir(join(base, "artifacts/labs", opened.lab.hash), { recursive: true });
  expect(sent).toEqual(expect.arrayContaining([...opened.metadataPaths]));
  for (const place of ["artifacts/jobs", "bin", "submissions"]) expect(await readdir(join(base, place))).toEqual([]);
  const survey = await look();
  expect(survey.hasLab).toBe(true);
  await rm(lab, { recursive: true });
  await send(survey);
});
