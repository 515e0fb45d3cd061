// A base path in a project's folder: what is made in it belongs to the project's group, which its quota counts for.
import { chmodSync, chownSync, linkSync, lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { LabHash } from "../../model/ids.ts";
import { runCommand } from "../../target/command/command.ts";
import { openLocal } from "../../target/transport/local.ts";
import type { Transport } from "../../target/transport/transport.ts";
import { surveyTarget } from "../survey.ts";
import { BUSYBOX_FACTS, makeNoise, nameStore, startStand, storeItem, writeTexts, type Stand } from "./push.fixture.ts";

const MIB = 1 << 20;
const USER = "65534";
const PROJECT = "54321";
let stand: Stand;

afterEach(async () => {
  await stand[Symbol.asyncDispose]();
});

/** A user whose own group is another one than the project's. */
async function openAsMember(path: string): Promise<Transport> {
  const local = await openLocal({ environment: { PATH: path } });
  const prefix = ["/usr/bin/setpriv", `--reuid=${USER}`, `--regid=${USER}`, `--groups=${PROJECT}`];
  return { ...local, run: async (request) => local.run({ ...request, argv: [...prefix, ...request.argv] }) };
}

test.each(["coreutils", "busybox"] as const)("keeps a project's group with the tools of %s", async (tools) => {
  stand = await startStand(tools);
  const change = tools === "busybox" ? BUSYBOX_FACTS : {};
  for (const name of ["artifacts", "submissions"]) rmSync(join(stand.base, name), { recursive: true });
  chownSync(stand.base, Number(USER), Number(PROJECT));
  chmodSync(stand.base, 0o2775);
  const over = await openAsMember(tools === "busybox" ? join(stand.folder, "busybox") : "/usr/bin:/bin");
  await surveyTarget(over, {
    basePath: stand.base,
    storeNames: [],
    jobIds: [],
    labHash: LabHash.parse("0c3f6w9x2k1v8b7n"),
    programsHash: "f00d",
  });
  const source = stand.makeSource(nameStore("a"));
  // Bundles that meet in the same folders, a file in slices, and what only the end of a push makes.
  for (let index = 0; index < 6; index += 1) writeTexts(source, { [`in/deep/${index}`]: makeNoise(index, 2 * MIB) });
  writeTexts(source, { "in/large": makeNoise(9, 17 * MIB), "empty/inner/f": "f" });
  linkSync(join(source, "in/deep/1"), join(source, "in/link"));
  writeTexts(join(stand.folder, "j1"), { "bin/run": "run" });
  chmodSync(join(stand.folder, "j1/bin/run"), 0o664);
  const job = { source: join(stand.folder, "j1"), destination: "artifacts/jobs/j1" };
  await stand.push([storeItem(source), job], { over, channels: 2, facts: { ...stand.readFacts(), ...change } });
  const find = ["find", stand.base, "!", "-type", "l", "(", "!", "-gid", PROJECT];
  const { stdout } = await runCommand({ argv: [...find, "-o", "-type", "d", "!", "-perm", "-2000", ")"] });
  expect(stdout).toBe("");
  expect(lstatSync(join(stand.base, job.destination, "bin/run")).mode & 0o777).toBe(0o664);
});
