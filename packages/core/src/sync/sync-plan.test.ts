import { expect, test } from "vitest";
import { JobId, LabHash } from "../model/ids.ts";
import { planSync, type SyncSources } from "./sync-plan.ts";

const ONE = JobId.parse("15df99k894nf5pz4jpg778qfxc3sfc8g-generate-1.1");
const TWO = JobId.parse("1rp13yid26831ad1z0w1r3mqrzb3877l-generate-1.1");
const BASH = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bash-5.2";
const GAWK = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-gawk-5.1";

function makeSources(change: Partial<SyncSources["survey"]>): SyncSources {
  const survey = { missingStore: [], missingJobs: [], hasLab: true, hasPrograms: true, succeeded: new Map() };
  return {
    opened: {
      folder: "/chroot/nix/store/x-lab",
      lab: { hash: LabHash.parse("0c3f6w9x2k1v8b7n"), storePaths: [`/nix/store/${BASH}`, `/nix/store/${GAWK}`] },
      metadataPaths: ["lab/lab-metadata.json", "revision/metadata-top.json"],
    },
    storeRoot: "/chroot",
    programs: { folder: "/repx/programs", hash: "f00d" },
    jobs: [ONE],
    survey: { ...survey, hasSbatch: true, user: "ada", freeBytes: 1, ...change },
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
