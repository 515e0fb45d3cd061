import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JobId, LabHash } from "../model/ids.ts";
import { openLocal } from "../target/transport/local.ts";
import type { Transport } from "../target/transport/transport.ts";
import { surveyTarget, type Survey, type SurveyRequest } from "./survey.ts";

const LAB = LabHash.parse("0c3f6w9x2k1v8b7n");
const STORE = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bash-5.2", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-a+b?c=d_1.0"];
let folder: string;
let base: string;
let transport: Transport;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "repx-survey-"));
  base = join(folder, "a 'base' with $signs");
  transport = await openLocal();
});

afterEach(async () => rm(folder, { recursive: true, force: true }));

function makeJobId(number: number): JobId {
  return JobId.parse(`${String(number).padStart(32, "0")}-stage-1.1`);
}

async function survey(
  jobIds: readonly JobId[] = [],
  over: Transport = transport,
  change: Partial<SurveyRequest> = {},
): Promise<Survey> {
  const request = { basePath: base, storeNames: STORE, jobIds, labHash: LAB, programsHash: "f00d" };
  return surveyTarget(over, { ...request, ...change });
}

async function look(jobIds: readonly JobId[] = [], basePath = base): Promise<Survey> {
  return survey(jobIds, transport, { isDryRun: true, basePath });
}

async function succeed(job: JobId, metrics?: string): Promise<void> {
  const place = join(base, "outputs", job);
  await mkdir(join(place, "repx"), { recursive: true });
  await mkdir(join(place, "out"), { recursive: true });
  await writeFile(join(place, "repx/SUCCESS"), "");
  if (metrics !== undefined) await writeFile(join(place, "out/metrics.json"), metrics);
}

test("makes the folders of an empty target and finds all missing", async () => {
  const [one, two] = [makeJobId(1), makeJobId(2)];
  const found = await survey([one, two]);
  expect(found).toMatchObject({ missingStore: STORE, missingJobs: [one, two], hasLab: false, hasPrograms: false });
  expect(found.succeeded.size).toBe(0);
  expect(found.freeBytes).toBeGreaterThan(1_000_000);
  expect(found.user).toMatch(/^\w+$/);
  for (const place of ["submissions", "artifacts/.staging"]) {
    expect((await stat(join(base, place))).mode & 0o777).toBe(0o700);
  }
  for (const place of ["artifacts/store", "artifacts/jobs", "artifacts/labs", "artifacts/.index", "outputs", "bin"]) {
    expect((await stat(join(base, place))).isDirectory()).toBe(true);
  }
});

describe("a root", () => {
  const [one, two] = [makeJobId(1), makeJobId(2)];
  const root = {
    project: "sweep.0a1b2c3d",
    jobIds: [two],
    places: ["host-tools/f00d", "artifacts/images/layers/x.tar"],
  };

  async function listRoots(): Promise<string[]> {
    return readdir(join(base, "gcroots/auto", root.project)).catch(() => []);
  }

  test("names all that the submission counts on, whether it is there or not", async () => {
    await survey([one], transport, { root });
    const [name = "", ...others] = await listRoots();
    expect(others).toEqual([]);
    expect(name).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_0c3f6w9x2k1v8b7n$/);
    expect((await readFile(join(base, "gcroots/auto", root.project, name), "utf8")).split("\n")).toEqual([
      "artifacts/labs/0c3f6w9x2k1v8b7n",
      "bin/f00d",
      ...STORE.map((store) => `artifacts/store/${store}`),
      `artifacts/jobs/${one}`,
      `artifacts/jobs/${two}`,
      ...root.places,
      "end",
      "",
    ]);
  });

  test("of a Lab that has nothing but its name is whole too", async () => {
    await survey([], transport, { storeNames: [], root: { ...root, jobIds: [], places: [] } });
    const [name = ""] = await listRoots();
    const text = await readFile(join(base, "gcroots/auto", root.project, name), "utf8");
    expect(text).toBe("artifacts/labs/0c3f6w9x2k1v8b7n\nbin/f00d\nend\n");
  });

  test("is not made by a dry run, nor where it cannot be written", async () => {
    await survey([one], transport, { root, isDryRun: true });
    expect(await listRoots()).toEqual([]);
    await survey();
    await writeFile(join(base, "gcroots"), "");
    await expect(survey([one], transport, { root })).rejects.toMatchObject({ code: "SYNC_BASE_PATH_NOT_WRITABLE" });
  });
});

test.each(["artifacts/store", "host-tools"])(
  "refuses a base path whose %s is on another file system",
  async (place) => {
    const other = await mkdtemp("/dev/shm/repx-survey-");
    try {
      await survey();
      await rm(join(base, place), { recursive: true, force: true });
      await symlink(other, join(base, place));
      await expect(survey()).rejects.toMatchObject({
        code: "SYNC_BASE_PATH_SPLIT",
        message: expect.stringContaining(`${place} on this machine is on another file system`),
      });
      // Where jobs write nothing is renamed to.
      await rm(join(base, place));
      await rm(join(base, "outputs"), { recursive: true });
      await symlink(other, join(base, "outputs"));
      expect(await survey()).toMatchObject({ missingStore: STORE });
    } finally {
      await rm(other, { recursive: true });
    }
  },
);

describe("for a dry run", () => {
  test("nothing is made, and what is not there lacks all", async () => {
    const one = makeJobId(1);
    expect(await look([one])).toMatchObject({ missingStore: STORE, missingJobs: [one], hasLab: false });
    expect(await readdir(folder)).toEqual([]);
    await mkdir(join(base, "artifacts/jobs", one), { recursive: true });
    await succeed(makeJobId(2));
    await writeFile(join(base, "artifacts/jobs/note"), "");
    const before = await readdir(base, { recursive: true });
    const found = await look([one, makeJobId(2)]);
    expect(found).toMatchObject({ missingStore: STORE, missingJobs: [makeJobId(2)] });
    expect([...found.succeeded.keys()]).toEqual([makeJobId(2)]);
    expect(await readdir(base, { recursive: true })).toEqual(before);
  });

  test("of a whole base path not even a time is changed", async () => {
    await survey();
    const names = await readdir(base, { recursive: true });
    const readTimes = async (): Promise<number[]> =>
      Promise.all(["", ...names].map(async (name) => (await stat(join(base, name))).ctimeMs));
    const before = await readTimes();
    expect((await look()).missingStore).toEqual(STORE);
    expect(await readTimes()).toEqual(before);
    expect(await readdir(base, { recursive: true })).toEqual(names);
  });

  test("a base path that could not be made is refused", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(look([], join(folder, "file/below/base"))).rejects.toMatchObject({
      code: "SYNC_BASE_PATH_NOT_WRITABLE",
    });
  });
});

test("finds what is there", async () => {
  const [one, two, three] = [makeJobId(1), makeJobId(2), makeJobId(3)];
  await survey();
  await writeFile(join(base, "artifacts/store", STORE[0] ?? ""), "");
  await symlink("nowhere", join(base, "artifacts/store", STORE[1] ?? ""));
  for (const place of [`artifacts/jobs/${two}`, `artifacts/labs/${LAB}`, "bin/f00d", `outputs/${three}/repx`]) {
    await mkdir(join(base, place), { recursive: true });
  }
  await writeFile(join(base, `outputs/${three}/repx/FAIL`), "");
  await succeed(one);
  expect(await survey([one, two, three])).toMatchObject({
    missingStore: [],
    missingJobs: [one, three],
    hasLab: true,
    hasPrograms: true,
    succeeded: new Map([[one, undefined]]),
  });
});

test("brings the metrics of finished jobs, text for text", async () => {
  const texts = [
    '{"pi": 3.14}',
    '{\n  "a b": 1,\n\n  "é": 2\n}',
    " \\n $HOME `id` %s \t'",
    "\n= end\n= content\n= lab\n",
  ];
  texts.push(
    "",
    "\n",
    `x\n==> outputs/${makeJobId(1)}/out/metrics.json <==\n{}\n==> /dev/null <==\n`,
    "\uFEFF\uD83D\uDE00",
  );
  const ids = texts.map((_, index) => makeJobId(index));
  await survey();
  for (const [index, text] of texts.entries()) await succeed(ids[index] ?? makeJobId(99), text);
  const { succeeded } = await survey(ids);
  // As the shell does: a line feed at the end belongs to the line, not to the text.
  expect(ids.map((id) => succeeded.get(id))).toEqual(texts.map((text) => text.replace(/\n$/, "")));
});

test("leaves a metrics file that is too long on the target", async () => {
  const [long, just, folderInstead] = [makeJobId(1), makeJobId(2), makeJobId(3)];
  await survey();
  await succeed(long, "x".repeat(16_001));
  await succeed(just, `${"x".repeat(16_000)}\n`);
  await succeed(folderInstead);
  await mkdir(join(base, "outputs", folderInstead, "out/metrics.json"));
  const { succeeded } = await survey([long, just, folderInstead]);
  expect(succeeded.has(long)).toBe(true);
  expect(succeeded.get(long)).toBeUndefined();
  expect(succeeded.get(just)).toHaveLength(16_000);
  expect(succeeded.has(folderInstead)).toBe(true);
});

test("leaves on the target what is more than all metrics together may be", async () => {
  const ids = Array.from({ length: 250 }, (_, index) => makeJobId(index));
  await survey();
  await Promise.all(ids.map(async (id) => succeed(id, "x".repeat(16_000))));
  const { succeeded } = await survey(ids);
  expect(succeeded.size).toBe(250);
  expect([...succeeded.values()].filter((text) => text !== undefined)).toHaveLength(187);
});

test("asks about thousands of jobs at once", async () => {
  const ids = Array.from({ length: 3000 }, (_, index) => makeJobId(index));
  await survey();
  await Promise.all(ids.slice(0, 2000).map(async (id, index) => succeed(id, `{"n": ${index}}`)));
  const found = await survey(ids);
  expect(found.succeeded.size).toBe(2000);
  expect(found.succeeded.get(makeJobId(1999))).toBe('{"n": 1999}');
  expect(found.missingJobs).toHaveLength(3000);
});

test("refuses an answer that is cut off, wherever", async () => {
  for (const missing of [1, 10, 500]) {
    const cut: Transport = {
      ...transport,
      run: async (request) => {
        const chunks: Uint8Array[] = [];
        const output = await transport.run({ ...request, onStdout: (chunk) => void chunks.push(chunk) });
        await request.onStdout?.(Buffer.concat(chunks).subarray(0, -missing));
        return output;
      },
    };
    await expect(survey([], cut)).rejects.toMatchObject({ code: "SSH_COMMAND_FAILED" });
  }
});

test("says that the base path cannot be made, with path, user and reason", async () => {
  await writeFile(base, "");
  await expect(survey()).rejects.toMatchObject({
    code: "SYNC_BASE_PATH_NOT_WRITABLE",
    message: expect.stringMatching(/^user \w+ cannot write to the base path .*'base'.*Not a directory/),
    hint: expect.stringMatching(/`install -d -o \w+ '[^`]*'`\.$/),
  });
});

test("says so when one of the folders inside is closed to the user", async () => {
  await survey();
  await chmod(join(base, "outputs"), 0o555);
  const own = await transport.run({ argv: ["id", "-u"] });
  // Nothing is closed to root, who therefore asks as nobody.
  const argv = own.stdout === "0\n" ? ["setpriv", "--reuid=65534", "--clear-groups", "--"] : [];
  await transport.run({ argv: ["chmod", "go+rx", folder] });
  const other: Transport = {
    ...transport,
    run: async (request) => transport.run({ ...request, argv: [...argv, ...request.argv] }),
  };
  await expect(survey([], other)).rejects.toMatchObject({
    code: "SYNC_BASE_PATH_NOT_WRITABLE",
    message: expect.stringContaining("is not writable"),
  });
  await chmod(join(base, "outputs"), 0o755);
});
