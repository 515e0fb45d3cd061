// Labs that somebody made to harm: each ends in LAB_INVALID with a short message, and nothing outside of it is read.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { JSON_LIMITS } from "../metadata/find-json-fault.ts";
import { refuseLabAt as refuse } from "./refuse-lab-at.fixture.ts";
import { makeRepxLab, REPX_GEN, REPX_PLOT, REPX_SUM, writeRepxLab, type RepxLabFiles } from "../repx-lab.fixture.ts";
import { packTar } from "../source/tar.fixture.ts";

const SIM = "revision/metadata-sim-run.json";
const PLOT = "revision/metadata-plot-run.json";
const ROOT = "revision/metadata-top.json";

let scratch: string;
let count = 0;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-hostile-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Refuses the Lab in its folder and in an archive, with the same words. */
async function refuseBoth(files: RepxLabFiles): Promise<string> {
  const folder = join(scratch, `lab${++count}`);
  await writeRepxLab(folder, files);
  const { message } = await refuse(folder);
  await packTar(folder, `${folder}.tar`);
  const packed = await refuse(`${folder}.tar`);
  expect(packed.message).toBe(message.replace(folder, `${folder}.tar`));
  return message;
}

function changeText(path: string, change: (text: string) => string): RepxLabFiles {
  const files = makeRepxLab();
  const file = files.get(path);
  const text = JSON.stringify(typeof file === "object" && "json" in file ? file.json : file);
  const changed = change(text);
  expect(changed).not.toBe(text);
  return files.set(path, changed);
}

const replace = (from: string, to: string) => (text: string) => text.replace(from, () => to);
const LONG = "a".repeat(10_000_000);

describe("metadata", () => {
  test.each<[string, string, (text: string) => string, string]>([
    ["a path that climbs", ROOT, replace(SIM, "revision/../../../etc/passwd"), "not a path inside the Lab"],
    ["an absolute path", ROOT, replace(SIM, "/etc/passwd"), "not a path inside the Lab"],
    ["a path with NUL", ROOT, replace(SIM, "revision/\\u0000.json"), "not a path inside the Lab"],
    ["a path with an empty part", ROOT, replace(SIM, "revision//x.json"), "not a path inside the Lab"],
    ["a path that is too long", ROOT, replace(SIM, "x".repeat(5000)), "Too big"],
    ["a file that is not there", ROOT, replace(SIM, "revision/none.json"), "revision/none.json is missing"],
    ["a folder for a file", ROOT, replace(SIM, "revision"), "revision is not a file"],
    ["a key twice", SIM, replace('"params":{', '"params":{"a":1,"\\u0061":2,'), 'the key "a" is there twice'],
    [
      "a job twice",
      SIM,
      replace(`"${REPX_GEN}":{`, `"${REPX_SUM}":{},"${REPX_GEN}":{`),
      `the key "${REPX_SUM}" is there twice`,
    ],
    ["__proto__ for a key", SIM, replace('"params":{', '"params":{"__proto__":{"a":1},'), '"__proto__" cannot be used'],
    ["__proto__, escaped", SIM, replace('"params":{', '"params":{"\\u005f_proto__":1,'), '"__proto__" cannot be used'],
    ["a job's name of 10 MB", SIM, replace(`"${REPX_GEN}":{`, `"${LONG}":{`), `${SIM} at /jobs/aaa`],
    ["a name of 10 MB", SIM, replace('"sim-run"', `"${LONG}"`), "at /name"],
    [
      "an input's name of 10 MB",
      SIM,
      replace(`"job_id":"${REPX_GEN}"`, `"job_id":"${REPX_GEN.replace("15", "16")}","x":"${LONG}"`),
      "which no run has",
    ],
    ["a stage type of 10 MB", SIM, replace('"simple"', `"${LONG}"`), "stage_type"],
    ["an escape in a group's name", ROOT, replace('"compute"', '"\\u001b[31m"'), "control characters"],
    ["an escape in the Git hash", ROOT, replace('"d34db33f"', '"\\u001b[31m"'), "control characters"],
    ["an escape in a stage's name", SIM, replace('"gen-1.1"', '"gen\\u009b31m-1.1"'), "control characters"],
    ["a line break in a parameter's name", SIM, replace('"offset"', '"off\\nset"'), "control characters"],
    ["an escape in an output's name", SIM, replace('"list":"$out', '"\\u001b[2J":"$out'), "control characters"],
    ["an escape in a program's name", SIM, replace('"step-sq"', '"step-\\u001b[2J"'), "control characters"],
    ["an escape in an input's name", SIM, replace('"target_input":"', '"target_input":"\\u001b'), "control characters"],
    ["a line break in what SLURM gets", SIM, replace('"256M"', '"256M\\n--wrap=id"'), "control characters"],
    [
      "deep nesting",
      SIM,
      replace('"params":{', `"params":{"deep":${"[".repeat(5000)}${"]".repeat(5000)},`),
      "deep in each other",
    ],
    ["text for a table", SIM, replace('"params":{"mode":"fast"}', '"params":"x"'), "/params"],
    ["no JSON", SIM, () => "{", "is not JSON"],
    ["nothing", SIM, () => "", "is not JSON"],
    ["a number", SIM, () => "7", `${SIM}: Invalid input`],
    ["the wrong type", ROOT, replace('"root"', '"leaf"'), "at /type"],
    ["a run twice", PLOT, replace('"plot-run"', '"sim-run"'), "the run sim-run is there twice"],
    [
      "a group of strangers",
      ROOT,
      replace('"compute":["sim-run"]', '"compute":["nobody"]'),
      "group compute names the run nobody",
    ],
    ["a wire from nowhere", PLOT, replace('"source_run":"sim-run"', '"source_run":"nobody"'), "comes from run nobody"],
    [
      "a program elsewhere",
      SIM,
      replace(`jobs/${REPX_GEN}/bin/gen`, `jobs/${REPX_SUM}/bin/sum-scatter`),
      "not in the job's folder",
    ],
    [
      "an image that is not there",
      SIM,
      replace("images/0x1y2z", "images/none"),
      "images/none-repx-shared-image.tar is missing",
    ],
    [
      "runs that wait for each other",
      SIM,
      replace('"dependencies":{}', `"dependencies":{"${PLOT}":"soft"}`),
      "waits for itself",
    ],
    [
      "a run that waits for itself",
      SIM,
      replace('"dependencies":{}', `"dependencies":{"${SIM}":"soft"}`),
      "waits for itself",
    ],
    [
      "a job that needs itself",
      SIM,
      replace(`"job_id":"${REPX_GEN}"`, `"job_id":"${REPX_SUM}"`),
      `${REPX_SUM} -> ${REPX_SUM}`,
    ],
    [
      "a job that reads its own run",
      PLOT,
      replace('"source_run":"sim-run"', '"source_run":"plot-run"'),
      `${REPX_PLOT} -> run plot-run -> ${REPX_PLOT}`,
    ],
  ])("with %s is refused", async (_, path, change, message) => {
    expect(await refuseBoth(changeText(path, change))).toContain(message);
  });

  test("with the same job otherwise in another run is refused", async () => {
    const gen = { name: "gen-1.1", stage_type: "simple", params: { offset: 9 }, executables: {} };
    const run = { type: "run", name: "plot-run", gitHash: "x", dependencies: {}, jobs: { [REPX_GEN]: gen } };
    expect(await refuseBoth(makeRepxLab().set(PLOT, { json: run }))).toContain("another run has it otherwise");
  });

  test("larger than any Lab's is refused before it is read", async () => {
    const folder = join(scratch, "large");
    await writeRepxLab(folder);
    await runCommand({ argv: ["truncate", "-s", "200M", join(folder, SIM)], environment: { PATH: "/usr/bin:/bin" } });
    const said = `${SIM} has ${200 * 1024 * 1024} bytes; at most ${JSON_LIMITS.bytes} are read`;
    expect((await refuse(folder)).message).toContain(said);
  });

  test("of too many values is refused", async () => {
    const many = `[${"0,".repeat(JSON_LIMITS.values)}0]`;
    await writeRepxLab(
      join(scratch, "many"),
      changeText(SIM, () => many),
    );
    expect((await refuse(join(scratch, "many"))).message).toContain(`more than ${JSON_LIMITS.values} values`);
  });

  test("that is a named pipe is refused, not waited for", async () => {
    const files = makeRepxLab();
    files.delete(PLOT);
    const folder = join(scratch, "pipe");
    await writeRepxLab(folder, files);
    await runCommand({ argv: ["mkfifo", join(folder, PLOT)], environment: { PATH: "/usr/bin:/bin" } });
    expect((await refuse(folder)).message).toContain(`${PLOT} is not a file`);
    await packTar(folder, `${folder}.tar`);
    expect((await refuse(`${folder}.tar`)).message).toContain(`${PLOT} is not a file`);
  });
});

describe("a link", () => {
  test.each([
    ["to a file outside", "/etc/passwd", "leads out of the Lab"],
    ["that climbs out", "../../../../../../../../etc/passwd", "leads out of the Lab"],
    ["to itself", "metadata-plot-run.json", "in a circle"],
    ["to nothing", "none", "is missing"],
  ])("%s, for metadata, is refused", async (_, link, message) => {
    const folder = join(scratch, `link${++count}`);
    const files = makeRepxLab();
    files.delete(PLOT);
    await writeRepxLab(folder, files);
    await runCommand({ argv: ["ln", "-s", link, join(folder, PLOT)], environment: { PATH: "/usr/bin:/bin" } });
    expect((await refuse(folder)).message).toContain(message);
    await packTar(folder, `${folder}.tar`);
    expect((await refuse(`${folder}.tar`)).message).toContain(message);
  });

  test("in place of a job's folder is refused", async () => {
    const files = makeRepxLab();
    for (const path of files.keys()) if (path.startsWith(`jobs/${REPX_PLOT}/`)) files.delete(path);
    files.set(`jobs/${REPX_PLOT}`, { link: REPX_GEN });
    expect(await refuseBoth(files)).toContain(`the job folder jobs/${REPX_PLOT} is missing`);
  });
});
