// The files of a Lab, wherever they are: every kind of source gives the same answers.
import { createHash } from "node:crypto";
import { copyFile, link, mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LabSource } from "./lab-source.ts";
import { openSource } from "./open-source.ts";
import { runCommand } from "../../target/command/command.ts";
import { REPX_GEN, writeRepxLab } from "../repx-lab.fixture.ts";
import { compressZstd, makeTar, packTar, type HandEntry, type TarShape } from "./tar.fixture.ts";

const PROGRAM = `jobs/${REPX_GEN}/bin/gen`;
const PROGRAM_TEXT = "#!/usr/bin/env bash\n: gen\n";
const DEEP = `${"a-long-name-".repeat(15)}/${"another-".repeat(12)}file`;

let scratch: string;
let folder: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "repx-source-"));
  folder = join(scratch, "lab-of-repx");
  await writeRepxLab(folder);
  await mkdir(join(folder, "odd", DEEP, ".."), { recursive: true });
  await writeFile(join(folder, "odd", DEEP), "far\n");
  await writeFile(join(folder, "odd/empty"), "");
  await writeFile(join(folder, "odd/large"), Buffer.alloc(3_000_000, "0123456789"));
  await link(join(folder, PROGRAM), join(folder, "odd/hard"));
  await symlink("../jobs", join(folder, "odd/jobs"));
  await symlink("jobs/../odd/hard", join(folder, "odd/chain"));
  await symlink(DEEP, join(folder, "odd/far"));
  await symlink("loop", join(folder, "odd/loop"));
  await symlink("../../outside", join(folder, "odd/escape"));
  await symlink("/etc/passwd", join(folder, "odd/absolute"));
  await symlink("nowhere", join(folder, "odd/dangling"));
  await symlink("../../lab-of-repx/readme", join(folder, "odd/out-and-in"));
  await writeFile(join(scratch, "outside"), "secret\n");
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function describeTar(name: string, shape: TarShape): [string, () => Promise<string>] {
  return [
    name,
    async () => {
      const archive = join(scratch, `${name.replaceAll(" ", "-")}.tar`);
      await packTar(folder, archive, shape);
      return archive;
    },
  ];
}

const KINDS: [string, () => Promise<string>][] = [
  ["folder", async () => folder],
  [
    "link to a folder",
    async () => {
      await symlink(folder, join(scratch, "result"));
      return join(scratch, "result");
    },
  ],
  ["manifest in a folder", async () => join(folder, "lab/lab-metadata.json")],
  describeTar("tar with one folder", {}),
  describeTar("tar with a dot", { prefix: "dot" }),
  describeTar("tar without folder", { prefix: "flat" }),
  describeTar("tar with folders", { prefix: "deep" }),
  describeTar("tar with pax headers", { flags: ["--format=pax"] }),
  describeTar("tar with GNU headers", { flags: ["--format=gnu"] }),
  describeTar("tar with the manifest last", { flags: ["--sort=none", "--format=posix"] }),
  [
    "compressed tar",
    async () => {
      await packTar(folder, join(scratch, "small.tar"));
      return compressZstd(join(scratch, "small.tar"));
    },
  ],
  [
    "compressed tar of many frames",
    async () => {
      await packTar(folder, join(scratch, "frames.tar"));
      const bytes = await readFile(join(scratch, "frames.tar"));
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += 700_001) {
        await writeFile(join(scratch, "part"), bytes.subarray(at, at + 700_001));
        parts.push(await readFile(await compressZstd(join(scratch, "part"))));
      }
      await writeFile(join(scratch, "frames.tar.zst"), Buffer.concat(parts));
      return join(scratch, "frames.tar.zst");
    },
  ],
];

function sortByName(entries: ReadonlyMap<string, string>): [string, string][] {
  return [...entries].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

describe.each(KINDS)("a %s", (_, make) => {
  let source: LabSource;
  beforeAll(async () => {
    ({ source } = await openSource(await make()));
  });

  async function readText(path: string): Promise<string> {
    return (await source.readFile(path, 5_000_000)).toString("utf8");
  }

  test("gives files, by hard and symbolic links, with long names, and empty ones", async () => {
    expect(await readText(PROGRAM)).toBe(PROGRAM_TEXT);
    expect(await readText("odd/hard")).toBe(PROGRAM_TEXT);
    expect(await readText("odd/chain")).toBe(PROGRAM_TEXT);
    expect(await readText(`odd/jobs/${REPX_GEN}/bin/gen`)).toBe(PROGRAM_TEXT);
    expect(await readText(`odd/${DEEP}`)).toBe("far\n");
    expect(await readText("odd/far")).toBe("far\n");
    expect(await readText("odd/empty")).toBe("");
    expect(await readText("odd/large")).toHaveLength(3_000_000);
  });

  test("lists a folder without following links, and nothing for one that is not there", async () => {
    expect(sortByName(await source.list("odd"))).toEqual([
      [DEEP.split("/")[0], "folder"],
      ["absolute", "link"],
      ["chain", "link"],
      ["dangling", "link"],
      ["empty", "file"],
      ["escape", "link"],
      ["far", "link"],
      ["hard", "file"],
      ["jobs", "link"],
      ["large", "file"],
      ["loop", "link"],
      ["out-and-in", "link"],
    ]);
    expect((await source.list("none")).size).toBe(0);
    expect((await source.list("readme/README.md")).size).toBe(0);
  });

  test("knows what is there", async () => {
    expect(await source.has(PROGRAM)).toBe(true);
    expect(await source.has("odd/jobs")).toBe(true);
    expect(await source.has("odd/none/of/this")).toBe(false);
    expect(await source.has("odd/dangling")).toBe(false);
    expect(await source.has("readme/README.md/x")).toBe(false);
  });

  test("hashes files of any size, in any order and twice", async () => {
    const large = createHash("sha256").update(Buffer.alloc(3_000_000, "0123456789")).digest("hex");
    const program = createHash("sha256").update(PROGRAM_TEXT).digest("hex");
    const hashes = await source.hashFiles(["odd/large", "odd/chain", PROGRAM, "odd/large"]);
    expect([...hashes]).toEqual([
      ["odd/large", large],
      ["odd/chain", program],
      [PROGRAM, program],
    ]);
  });

  test.each([
    ["odd/escape", "leads out of the Lab"],
    ["odd/absolute", "leads out of the Lab"],
    ["odd/loop", "too many links, or in a circle"],
    ["odd/dangling", "odd/dangling is missing"],
    ["odd", "odd is not a file"],
    ["none", "none is missing"],
  ])("refuses to read %s", async (path, message) => {
    const refusal = { code: "LAB_INVALID", message: expect.stringContaining(message) };
    await expect(source.readFile(path, 100)).rejects.toMatchObject(refusal);
    await expect(source.hashFiles([path])).rejects.toMatchObject(refusal);
  });

  test("refuses to read more than is asked for", async () => {
    await expect(source.readFile("odd/large", 2_999_999)).rejects.toMatchObject({
      code: "LAB_INVALID",
      message: expect.stringContaining("3000000 bytes; at most 2999999"),
    });
  });
});

test.each(["folder", "tar"])("the stamp of a %s changes with its files and not without", async (kind) => {
  const copy = join(scratch, `stamped-${kind}`);
  if (kind === "tar") await packTar(folder, copy);
  else await writeRepxLab(copy);
  const { source } = await openSource(copy);
  const stamp = await source.stamp([PROGRAM]);
  expect(await source.stamp([PROGRAM])).toBe(stamp);
  const touched = kind === "tar" ? copy : join(copy, PROGRAM);
  await utimes(touched, 1, 1);
  expect(await (await openSource(copy)).source.stamp([PROGRAM])).not.toBe(stamp);
});

test("an archive that is replaced while it is open is not read on", async () => {
  const archive = join(scratch, "replaced.tar");
  await packTar(folder, archive);
  const { source } = await openSource(archive);
  await copyFile(archive, `${archive}.new`);
  await rename(`${archive}.new`, archive);
  await expect(source.readFile(PROGRAM, 100)).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining("changed while it was read"),
  });
});

const MANIFEST: HandEntry = { path: "lab/lab-metadata.json", body: "{}" };

test("of entries with the same path the last counts, as when an archive is extracted", async () => {
  const archive = join(scratch, "twice.tar");
  await writeFile(archive, makeTar([MANIFEST, { path: "a", body: "one" }, { path: "./a", body: "two" }]));
  const { source } = await openSource(archive);
  expect((await source.readFile("a", 9)).toString()).toBe("two");
});

test("a hard link is what it was made from at its time, as when an archive is extracted", async () => {
  const archive = join(scratch, "hard.tar");
  const entries: readonly HandEntry[] = [
    MANIFEST,
    { path: "a", body: "one" },
    { path: "first", type: "Link", link: "a" },
    { path: "a", body: "two" },
    { path: "again", type: "Link", link: "first" },
    { path: "sub/target", body: "below" },
    { path: "target", body: "above" },
    { path: "sub/link", type: "SymbolicLink", link: "target" },
    { path: "link", type: "Link", link: "sub/link" },
  ];
  await writeFile(archive, makeTar(entries));
  const extracted = join(scratch, "hard");
  await mkdir(extracted);
  await runCommand({ argv: ["tar", "-xf", archive, "-C", extracted], environment: { PATH: "/usr/bin:/bin" } });
  const names = ["a", "first", "again", "sub/link", "link"];
  const [inArchive, inFolder] = await Promise.all(
    [archive, extracted].map(async (path) => {
      const { source } = await openSource(path);
      return Promise.all(names.map(async (name) => (await source.readFile(name, 9)).toString()));
    }),
  );
  expect(inArchive).toEqual(["two", "one", "one", "below", "above"]);
  expect(inFolder).toEqual(inArchive);
});

test("a name in pax records counts, with every character", async () => {
  const archive = join(scratch, "pax.tar");
  const path = `${"ö".repeat(120)}=x`;
  await writeFile(archive, makeTar([MANIFEST, { path: "short", body: "text", pax: { path } }]));
  const { source } = await openSource(archive);
  expect((await source.readFile(path, 9)).toString()).toBe("text");
  expect(await source.has("short")).toBe(false);
});

test("a name of the Lab's folder that looks like a part of the Lab does not mislead", async () => {
  const archive = join(scratch, "lab.tar");
  await writeFile(
    archive,
    makeTar([
      { ...MANIFEST, path: "lab/lab/lab-metadata.json" },
      { path: "lab/jobs/x", body: "1" },
    ]),
  );
  const { source } = await openSource(archive);
  expect([...(await source.list("jobs")).keys()]).toEqual(["x"]);
});

test.each([
  ["is not there", "none", "LAB_MISSING", "there is no Lab"],
  ["is a device", "/dev/null", "LAB_INVALID", "neither a folder nor a file"],
])("a Lab that %s is refused", async (_, path, code, message) => {
  const place = path.startsWith("/") ? path : join(scratch, path);
  await expect(openSource(place)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test("a file compressed by another program is refused by its name", async () => {
  await writeFile(join(scratch, "x.tar.gz"), Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]));
  await expect(openSource(join(scratch, "x.tar.gz"))).rejects.toMatchObject({
    code: "LAB_INVALID",
    message: expect.stringContaining("it is compressed with gzip"),
    hint: expect.stringContaining("zstd"),
  });
});
