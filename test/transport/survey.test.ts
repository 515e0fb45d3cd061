// The survey of a target that has little, by users whose shells say much.
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JobId, LabHash } from "../../packages/core/src/model/ids.ts";
import { surveyTarget } from "../../packages/core/src/sync/survey.ts";
import type { Transport } from "../../packages/core/src/target/transport/transport.ts";
import { runCommand } from "../harness/command.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";
import { startShellUser, type ShellName, type ShellUser } from "./shell-user.ts";

const PROGRAMS =
  "sh tar cat chmod cp cut dd df head id ln ls mkdir mv od rm rmdir sha256sum sort tail timeout tr uniq wc";
const [THERE, MISSING] = [`${"a".repeat(32)}-tool-1.0`, `${"b".repeat(32)}-tool-1.0`];
const JOB = JobId.parse(`${"1".repeat(32)}-stage-1.1`);

let scratch: Awaited<ReturnType<typeof startScratchFolder>>;
let minimalPath: string;

beforeAll(async () => {
  scratch = await startScratchFolder();
  minimalPath = await makeTraversableFolder(scratch.path, "bin");
  for (const name of PROGRAMS.split(" ")) {
    const { stdout } = await runCommand(["sh", "-c", `command -v ${name}`]);
    await symlink(stdout.trim(), join(minimalPath, name));
  }
});

afterAll(async () => scratch[Symbol.asyncDispose]());

describe.each<ShellName>(["bash", "tcsh", "fish"])(
  "with %s, and nothing but sh, tar and coreutils in PATH",
  (shell) => {
    let account: ShellUser;
    let transport: Transport;

    beforeAll(async () => {
      account = await startShellUser(`/usr/bin/${shell}`, { PATH: minimalPath });
      await account.writeStartup("echo '= store'\necho '= lab'\n");
      transport = await account.open();
    });

    afterAll(async () => {
      await transport[Symbol.asyncDispose]();
      await account[Symbol.asyncDispose]();
    });

    test("finds no other program", async () => {
      const output = await transport.run({ argv: ["sh", "-c", "command -v awk sed find xargs grep zstd; echo end"] });
      expect(output.stdout).toBe("end\n");
    });

    test("finds out what is there", async () => {
      const base = join(account.user.home, "a 'base'");
      await mkdir(join(base, "artifacts/store", THERE), { recursive: true });
      await mkdir(join(base, "artifacts/.index"));
      await writeFile(join(base, `artifacts/.index/store%${THERE}`), "an index\n");
      for (const part of ["repx/SUCCESS", "out/metrics.json"]) {
        await mkdir(join(base, "outputs", JOB, part, ".."), { recursive: true });
        await writeFile(join(base, "outputs", JOB, part), '{"é": 1}');
      }
      await runCommand(["chown", "-R", account.user.name, base]);
      const found = await surveyTarget(transport, {
        basePath: base,
        storeNames: [THERE, MISSING],
        jobIds: [JOB],
        labHash: LabHash.parse("0c3f6w9x2k1v8b7n"),
        programsHash: "f00d",
      });
      expect(found).toMatchObject({
        missingStore: [MISSING],
        missingJobs: [JOB],
        hasLab: false,
        succeeded: new Map([[JOB, '{"é": 1}']]),
        user: account.user.name,
        facts: { decoders: [], hasOpenssl: false, canLink: true, leftovers: [], toolPath: "" },
      });
      expect([...found.facts.indexes.values()]).toEqual(["an index\n"]);
    });
  },
);
