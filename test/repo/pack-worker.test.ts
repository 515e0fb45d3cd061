import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { runCommand, SYSTEM_PATH } from "../harness/command.ts";
import { NODE, REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const PACKER = join(REPOSITORY_ROOT, "packages/core/src/sync/pack/packer.ts");

/** What is bundled is in a chunk of any name, as it is in the Action's. */
const PROBE = `import { openPacker } from ${JSON.stringify(PACKER)};
  await using packer = openPacker();
  const [file] = await packer.scan({ source: process.argv[2], isStore: true, hash: true });
  const parcel = { kind: "bundle", id: "0", entries: [{ item: 1, entry: file }], sizeBytes: file.sizeBytes };
  const sources = new Map([[1, process.argv[2]]]);
  const packed = await packer.pack({ parcel, sources, staging: ".staging/p", encoding: "zstd", level: 1 });
  console.log(JSON.stringify([file.sha256, packed.encoding, packed.fileHashes.get("1/")]));`;

test("the Action as it is built packs in threads of its own", async () => {
  await using scratch = await startScratchFolder();
  const dist = join(scratch.path, "dist");
  const content = "content ".repeat(10_000);
  await runCommand([NODE, "build.ts", dist], {
    folder: join(REPOSITORY_ROOT, "packages/action"),
    environment: { PATH: SYSTEM_PATH, HOME: scratch.path },
  });
  await build({
    stdin: { contents: PROBE, resolveDir: REPOSITORY_ROOT },
    outfile: join(dist, "chunk-probe.js"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
  });
  await writeFile(join(dist, "package.json"), '{ "type": "module" }');
  await writeFile(join(scratch.path, "file"), content);
  const output = await runCommand([NODE, join(dist, "chunk-probe.js"), join(scratch.path, "file")], {
    environment: { PATH: SYSTEM_PATH },
  });
  const hash = createHash("sha256").update(content).digest("hex");
  expect(JSON.parse(output.stdout)).toEqual([hash, "zstd", hash]);
});
