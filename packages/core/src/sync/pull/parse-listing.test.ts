import fc from "fast-check";
import { expect, test } from "vitest";
import { startListing, type OutputListing } from "./parse-listing.ts";
import { JOB, OTHER } from "./pull.fixture.ts";

const MARK = "m-1";

function answer(...records: string[]): string {
  return ["tools zstd,openssl,gnu", ...records, "end"].map((line) => `${line}${MARK}\n`).join("");
}

function readWhole(text: string): OutputListing | undefined {
  const reader = startListing(MARK, [JOB, OTHER]);
  reader.add(text);
  return reader.end();
}

function parse(...records: string[]): OutputListing {
  const listing = readWhole(answer(...records));
  if (listing === undefined) throw new Error("the listing is not whole");
  return listing;
}

test("reads kinds, modes, sizes and times", () => {
  const { entries, tools } = parse(
    `at 41ed 4096 1700000000 ${JOB}/out/.`,
    `at 89ed 12 -5 ${JOB}/out/run`,
    `at a1ff 3 7 ${JOB}/out/link`,
    `at 11b6 0 7 ${JOB}/out/fifo`,
  );
  expect(tools).toEqual({ hasZstd: true, hasOpenssl: true, hasGnuTar: true });
  expect([...entries.values()]).toEqual([
    { job: JOB, path: `${JOB}/out`, kind: "folder", mode: 0o755, sizeBytes: 4096, mtimeSeconds: 1_700_000_000 },
    { job: JOB, path: `${JOB}/out/run`, kind: "file", mode: 0o755, sizeBytes: 12, mtimeSeconds: -5 },
    { job: JOB, path: `${JOB}/out/link`, kind: "symlink", mode: 0o777, sizeBytes: 3, mtimeSeconds: 7 },
    { job: JOB, path: `${JOB}/out/fifo`, kind: "other", mode: 0o666, sizeBytes: 0, mtimeSeconds: 7 },
  ]);
});

test.each([
  `${JOB}/out/../../x`,
  `${JOB}/..`,
  JOB,
  `${JOB}/`,
  `${JOB}//x`,
  `${JOB}/out/./x`,
  `/etc/passwd`,
  `../${JOB}/out/x`,
  `${"c".repeat(32)}-sim-1.0/out/x`,
  `${JOB}/out/a\0b`,
  "",
])("refuses the path %j", (path) => {
  expect(() => parse(`at 81a4 1 1 ${path}`)).toThrow(expect.objectContaining({ code: "SYNC_UNSAFE_NAME" }));
  expect(() => parse(`closed ${path}`)).toThrow(expect.objectContaining({ code: "SYNC_UNSAFE_NAME" }));
});

test("refuses a job that was not asked for", () => {
  expect(() => parse("unready nobody")).toThrow(expect.objectContaining({ code: "SYNC_UNSAFE_NAME" }));
});

test("no part of an answer passes for the whole", () => {
  const whole = answer(`at 81a4 1 1 ${JOB}/out/x`);
  for (let end = 0; end < whole.length - 1; end++) {
    expect(readWhole(whole.slice(0, end))).toBeUndefined();
  }
});

test("any name that a file system takes comes through", () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 255 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 0x2f ? 0x0a : byte))).toString("latin1"))
    .filter((text) => text !== "." && text !== ".." && !text.includes(MARK));
  fc.assert(
    fc.property(name, name, (folder, file) => {
      const path = `${JOB}/out/${folder}/${file}`;
      expect([...parse(`at 81a4 1 1 ${path}`).entries.keys()]).toEqual([path]);
    }),
  );
});
