// Labs changed at random: the loader and all that is asked of what it lets pass end well, or in LAB_* errors.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Lab } from "../../lab-door.ts";
import { RepxError } from "../../model/errors.ts";
import { REPX_GEN, REPX_PLOT, REPX_SUM, writeRepxLab } from "../repx-lab.fixture.ts";
import { packTar } from "../source/tar.fixture.ts";

/** More of them by hand: REPX_FUZZ_RUNS=20000. */
const RUNS = Number(process.env["REPX_FUZZ_RUNS"] ?? 150);
const TIMEOUT_MS = 20_000 + RUNS * 100;

let scratch: string;
let folder: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-fuzz-"));
  folder = join(scratch, "lab");
  await writeRepxLab(folder);
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Whether the Lab opened; what is thrown must be a refusal. */
async function tryLab(path: string): Promise<boolean> {
  try {
    await using lab = await Lab.open(path, { target: scratch, cacheFolder: join(scratch, "cache") });
    await askEverything(lab);
    await lab.verify();
    return true;
  } catch (error) {
    if (error instanceof RepxError && error.code.startsWith("LAB_")) return false;
    throw error;
  }
}

async function askEverything(lab: Lab): Promise<void> {
  const jobs = await lab.jobs();
  await lab.jobs({ param: { offset: 1 }, stage: "sum", status: "pending" });
  for (const job of jobs) {
    expect(lab.job(job.id)).toBe(job);
    expect(lab.closure([job])).toContain(job);
    expect(job.inputs.every(({ name }) => typeof name === "string")).toBe(true);
    JSON.stringify(job);
  }
  for (const { name } of lab.runs()) expect(lab.select(name)).toBeDefined();
  for (const path of jobs.flatMap((job) => Object.values(job.outputs()))) {
    expect(path.startsWith(join(scratch, "outputs"))).toBe(true);
    expect(path).not.toContain("/../");
  }
}

const FILES = [
  "lab/lab-metadata.json",
  "revision/metadata-top.json",
  "revision/metadata-sim-run.json",
  "revision/metadata-plot-run.json",
];
const ODD = ["", "..", "../x", "/etc/passwd", "a//b", "a\0b", "__proto__", "constructor", "self", "$out", "$out/../x"];
const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(...ODD, ...FILES, REPX_GEN, REPX_SUM, REPX_PLOT, "sim-run", "plot-run", "hard", "soft"),
  fc.constantFrom<unknown>(null, true, -1, 1e308, [], {}, "long".repeat(5000), [[[]]], { a: { b: {} } }),
);
const change = fc.record({
  file: fc.nat({ max: FILES.length - 1 }),
  path: fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 9 }),
  action: fc.oneof(
    fc.record({ type: fc.constant("set" as const), value: odd }),
    fc.record({ type: fc.constant("delete" as const) }),
    fc.record({ type: fc.constant("rename" as const), key: fc.oneof(fc.constantFrom(...ODD), fc.string()) }),
  ),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Walks down by the numbers, and changes what it comes to. */
function apply(root: unknown, { path, action }: Change): void {
  let at = root;
  for (const [depth, number] of path.entries()) {
    if (!isTable(at)) return;
    const keys = Object.keys(at);
    const key = keys[number % Math.max(1, keys.length)];
    if (key === undefined) return;
    const next = at[key];
    if (depth < path.length - 1 && isTable(next)) {
      at = next;
      continue;
    }
    if (action.type === "set") at[key] = action.value;
    else delete at[key];
    if (action.type === "rename")
      Object.defineProperty(at, action.key, { value: next, enumerable: true, configurable: true, writable: true });
    return;
  }
}

test("metadata that were changed anywhere are read or refused", { timeout: TIMEOUT_MS }, async () => {
  const texts = await Promise.all(FILES.map(async (file) => readFile(join(folder, file), "utf8")));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const data = texts.map((text): unknown => JSON.parse(text));
      for (const one of changes) apply(data[one.file], one);
      for (const [index, file] of FILES.entries()) await writeFile(join(folder, file), JSON.stringify(data[index]));
      await tryLab(folder);
    }),
    { numRuns: RUNS },
  );
  for (const [index, file] of FILES.entries()) await writeFile(join(folder, file), texts[index] ?? "");
  expect(await tryLab(folder)).toBe(true);
});

test("metadata whose text was changed are read or refused", { timeout: TIMEOUT_MS }, async () => {
  const file = join(folder, "revision/metadata-sim-run.json");
  const text = await readFile(file, "utf8");
  const piece = fc.oneof(
    fc.constantFrom("{", "}", "[", "]", '"', ",", ":", "\\", "0", '"a":', "null", '"__proto__":1,', "\u0000", "1e999"),
    fc.string(),
  );
  const edit = fc.tuple(fc.nat({ max: text.length }), fc.nat({ max: 40 }), piece);
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      let changed = text;
      for (const [at, length, insert] of edits) changed = changed.slice(0, at) + insert + changed.slice(at + length);
      await writeFile(file, changed);
      await tryLab(folder);
    }),
    { numRuns: RUNS },
  );
  await writeFile(file, text);
  expect(await tryLab(folder)).toBe(true);
});

test.each(["", ".zst"])(
  "an archive%s whose bytes were changed is read or refused",
  { timeout: TIMEOUT_MS },
  async (end) => {
    const path = join(scratch, `fuzz.tar${end}`);
    await packTar(folder, path, { flags: ["--format=pax"] });
    const tar = await readFile(path);
    const bytes = end === "" ? tar : zstdCompressSync(tar);
    // Most of an archive's structure is in the first bytes of its blocks.
    const place = fc
      .tuple(fc.nat({ max: Math.ceil(bytes.length / 512) }), fc.nat({ max: 511 }))
      .map(([block, at]) => block * 512 + at);
    const edit = fc.tuple(
      end === "" ? place : fc.nat({ max: bytes.length }),
      fc.uint8Array({ minLength: 1, maxLength: 16 }),
    );
    const cut = fc.option(fc.nat({ max: bytes.length }), { freq: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 0, maxLength: 4 }),
        cut,
        fc.boolean(),
        async (edits, length, isMended) => {
          const changed = Buffer.from(bytes.subarray(0, length ?? bytes.length));
          for (const [at, insert] of edits)
            changed.set(insert.subarray(0, Math.max(0, changed.length - at)), Math.min(at, changed.length));
          if (isMended && end === "") mendChecksums(changed);
          await writeFile(path, changed);
          await tryLab(path);
        },
      ),
      { numRuns: RUNS },
    );
    await writeFile(path, bytes);
    expect(await tryLab(path)).toBe(true);
  },
);

/** Makes changed headers pass for whole ones. */
function mendChecksums(tar: Buffer): void {
  for (let at = 0; at + 512 <= tar.length; at += 512) {
    if (tar.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    tar.fill(" ", at + 148, at + 156);
    const sum = tar.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
}
