import { expect, test } from "vitest";
import { GENERATE_1, makeLabFiles, PLOT, SUM, writeLab } from "./lab/lab.fixture.ts";
import { dependenciesOf } from "./lab/graph/job-graph.ts";
import { openLab } from "./lab/metadata/open-lab.ts";
import { JobId } from "./model/ids.ts";
import { planRuntimes, type RuntimeSources } from "./plan-runtimes.ts";
import { parseConfig } from "./target/config/config.ts";
import { parseResources } from "./target/config/resources.ts";

const HEAD = "[targets.cluster]\nbase_path = '/scratch/ada'\nslurm.execution_types = ['bwrap', 'native']\n";
const GENERATE = JobId.parse(GENERATE_1);
const SUMMED = JobId.parse(SUM);
const PLOTTED = JobId.parse(PLOT);

function renderRule(network: boolean): string {
  return `[[rules]]\njob_id_glob = '*-generate-*'\nnetwork = ${network}`;
}

/** The fixture's Lab, with an image for its run `simulation` alone. */
async function readSources(config = "", resources = ""): Promise<RuntimeSources> {
  await using written = await writeLab(makeLabFiles());
  const opened = await openLab(written.folder);
  const runs = new Map(opened.lab.runs);
  for (const [name, run] of runs) if (name === "simulation") runs.set(name, { ...run, image: "images/0x1-image.tar" });
  const target = parseConfig(HEAD + config, "config.toml").targets.get("cluster");
  if (target === undefined) throw new Error("no target");
  return {
    wish: undefined,
    target,
    study: {
      opened: { ...opened, lab: { ...opened.lab, runs } },
      runs: [...runs.values()].map(({ name, jobIds }) => ({ name, jobs: jobIds })),
      dependencies: dependenciesOf(opened.lab, [...runs.keys()]),
    },
    resources: parseResources(resources, "resources.toml"),
    parts: {},
  };
}

test("a job runs in its run's image and sees the outputs of the jobs that it depends on", async () => {
  const planned = planRuntimes(await readSources("node_local_path = '/local'"), [SUMMED]);
  expect(planned.get(SUMMED)).toMatchObject({
    kind: "bwrap",
    image: "0x1-image.tar",
    network: false,
    mounts: { kind: "isolated" },
    nodeLocalPath: "/local",
    inputs: expect.arrayContaining([GENERATE]),
  });
});

test("a job whose runs have no image is native, and so it is left out", async () => {
  expect([...planRuntimes(await readSources(), [GENERATE, PLOTTED]).keys()]).toEqual([GENERATE]);
});

test("a rule of resources.toml gives a job the network, or takes it from one that sees all of the node's files", async () => {
  const asked = planRuntimes(await readSources("", renderRule(true)), [GENERATE, SUMMED]);
  expect([asked.get(GENERATE)?.network, asked.get(SUMMED)?.network]).toEqual([true, false]);
  const open = planRuntimes(await readSources("mount_host_paths = true", renderRule(false)), [GENERATE, SUMMED]);
  expect([open.get(GENERATE)?.network, open.get(SUMMED)?.network]).toEqual([false, true]);
});

test("a wish that one of the jobs cannot meet is refused", async () => {
  const sources = { ...(await readSources()), wish: "bwrap" as const };
  const { lab } = sources.study.opened;
  const study = { ...sources.study, opened: { ...sources.study.opened, lab: { ...lab, storePaths: [] } } };
  expect(() => planRuntimes({ ...sources, study }, [GENERATE, PLOTTED])).toThrow(
    expect.objectContaining({ code: "RUNTIME_IMAGE_MISSING" }),
  );
});
