import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { RepxError } from "../model/errors.ts";
import { JobId, LabHash } from "../model/ids.ts";
import { nameScript, startStand } from "./push/push.fixture.ts";
import { listPlaces, planSync, stageParts, type SyncSources } from "./sync-plan.ts";

const ONE = JobId.parse("15df99k894nf5pz4jpg778qfxc3sfc8g-generate-1.1");
const TWO = JobId.parse("1rp13yid26831ad1z0w1r3mqrzb3877l-generate-1.1");
const BASH = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bash-5.2";
const GAWK = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-gawk-5.1";

function makeSources(change: Partial<SyncSources["survey"]>): SyncSources {
  return {
    opened: {
      folder: "/chroot/nix/store/x-lab",
      lab: { hash: LabHash.parse("0c3f6w9x2k1v8b7n"), storePaths: [`/nix/store/${BASH}`, `/nix/store/${GAWK}`] },
      metadataPaths: ["lab/lab-metadata.json", "revision/metadata-top.json"],
    },
    storeRoot: "/chroot",
    programs: { folder: "/repx/programs", hash: "f00d" },
    jobs: [ONE],
    survey: { missingStore: [], missingJobs: [], hasLab: true, hasPrograms: true, ...change },
  };
}

test("sends nothing to a target that has everything", () => {
  expect(planSync(makeSources({}))).toEqual([]);
});

test("sends what is missing, and no folder of a job that does not run", () => {
  const survey = { missingStore: [GAWK], missingJobs: [ONE, TWO], hasLab: false, hasPrograms: false };
  expect(planSync(makeSources(survey))).toEqual([
    { source: `/chroot/nix/store/${GAWK}`, destination: `artifacts/store/${GAWK}` },
    { source: "/repx/programs", destination: "bin/f00d" },
    { source: `/chroot/nix/store/x-lab/jobs/${ONE}`, destination: `artifacts/jobs/${ONE}` },
    {
      source: "/chroot/nix/store/x-lab",
      destination: "artifacts/labs/0c3f6w9x2k1v8b7n",
      only: ["lab/lab-metadata.json", "revision/metadata-top.json"],
    },
  ]);
});

const TOOLS = { hash: "9a".repeat(32), files: new Map([["bash", "/lab/store/bash"]]) };
const IMAGE = {
  name: "x-image.tar",
  files: new Map([["manifest.json", "/lab/images/x-image.tar/manifest.json"]]),
  layers: [{ digest: "ab".repeat(32), file: "/lab/store/ab-layer.tar" }],
};
const PARTS = { hostTools: TOOLS, images: [IMAGE], stagingFolder: "/staging" };

test("names every place that a survey has to look for", () => {
  expect(listPlaces(PARTS)).toEqual([
    `host-tools/${TOOLS.hash}`,
    `artifacts/images/layers/${"ab".repeat(32)}.tar`,
    "artifacts/images/x-image.tar",
  ]);
});

test("sends host tools and images where they are missing, before the jobs that use them", () => {
  const sources = makeSources({ missingJobs: [ONE] });
  const parts = { ...PARTS, missing: listPlaces(PARTS) };
  expect(planSync({ ...sources, parts }).map(({ destination }) => destination)).toEqual([
    ...listPlaces(PARTS),
    `artifacts/jobs/${ONE}`,
  ]);
  expect(planSync({ ...makeSources({}), parts: { ...PARTS, missing: [] } })).toEqual([]);
});

test("stages what is sent in another form than the Lab's, and nothing that is there already", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "repx-sync-plan-"));
  try {
    const [tool, manifest] = [join(scratch, "bash"), join(scratch, "manifest.json")];
    await writeFile(tool, "tool\n");
    await writeFile(manifest, "[]");
    const stagingFolder = join(scratch, "staging");
    const parts = {
      hostTools: { ...TOOLS, files: new Map([["bash", tool]]) },
      images: [{ ...IMAGE, files: new Map([["manifest.json", manifest]]) }],
      stagingFolder,
    };
    const items = planSync({ ...makeSources({}), parts: { ...parts, missing: [`host-tools/${TOOLS.hash}`] } });
    await stageParts(parts, items);
    expect(await readdir(stagingFolder)).toEqual(["host-tools"]);
    expect(await readFile(join(items[0]?.source ?? "", "bin/bash"), "utf8")).toBe("tool\n");
    const missing = ["artifacts/images/x-image.tar"];
    const image = planSync({ ...makeSources({}), parts: { ...parts, missing } });
    await stageParts(parts, image);
    expect((await readdir(image[0]?.source ?? "")).toSorted()).toEqual(["ab".repeat(32), "manifest.json"]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
});

test("a push of host tools and images that was cut goes on where it stopped, from another staging folder", async () => {
  await using stand = await startStand();
  const [tool, manifest, layer] = ["bash", "manifest.json", "layer.tar"].map((name) => join(stand.folder, name));
  if (tool === undefined || manifest === undefined || layer === undefined) throw new Error("no names");
  for (const file of [tool, manifest, layer]) await writeFile(file, "x".repeat(1000));
  const stage = async (name: string): Promise<ReturnType<typeof planSync>> => {
    const parts = {
      hostTools: { ...TOOLS, files: new Map([["bash", tool]]) },
      images: [
        { ...IMAGE, files: new Map([["manifest.json", manifest]]), layers: [{ digest: "ab".repeat(32), file: layer }] },
      ],
      stagingFolder: join(stand.folder, name),
    };
    const items = planSync({ ...makeSources({}), parts: { ...parts, missing: listPlaces(parts) } });
    await stageParts(parts, items);
    return items;
  };
  const over: typeof stand.transport = {
    ...stand.transport,
    run: async (request) => {
      if (nameScript(request) === "publish") throw new RepxError("SSH_CONNECTION_LOST", "cut", { hint: "" });
      return stand.transport.run(request);
    },
  };
  await expect(stand.push(await stage("one"), { over })).rejects.toThrow("cut");
  // Times are sent in whole seconds.
  await sleep(1100);
  expect(await stand.push(await stage("two"))).toMatchObject({ bytes: 3000, resumedBytes: 3000 });
});
