import { expect, test } from "vitest";
import { parseResources, resolveResources, resolveWorkerResources } from "./resources.ts";

const ID = "15df99k894nf5pz4jpg778qfxc3sfc8g-generate-1.1";
const TEXT = `
[defaults]
partition = "main"
cpus-per-task = 1
mem = "1G"
sbatch_opts = ["--account=lab"]
[[rules]]
[[rules]]
job_id_glob = "*-generate-?.1"
mem = "4G"
time = "01:00:00"
worker_resources = { mem = "512M" }
[[rules]]
job_id_glob = "*-sum-*"
mem = "64G"
[[rules]]
target = "cluster"
cpus-per-task = 8
sbatch_opts = ["--gres=gpu:1", "--comment=a b"]
[[rules]]
target = "elsewhere"
partition = "no"
`;

test("lets the Lab's hints outweigh the defaults, and matching rules in order outweigh both", () => {
  const resources = parseResources(TEXT, "resources.toml");
  const hints = { mem: "2G", cpus: 2, time: null, partition: "fast", sbatch_opts: ["--exclusive"] };
  expect(resolveResources(resources, { id: ID, target: "cluster", hints })).toEqual({
    partition: "fast",
    cpusPerTask: 8,
    mem: "4G",
    time: "01:00:00",
    sbatchOpts: ["--gres=gpu:1", "--comment=a b"],
  });
  expect(resolveResources(resources, { id: ID, target: "other", hints })).toMatchObject({
    cpusPerTask: 2,
    sbatchOpts: ["--exclusive"],
  });
});

test("a work item's task asks for what its job does, but for the steps' hints and for worker_resources, rule by rule", () => {
  const text = `
[defaults]
mem = "8G"
time = "1:00"
worker_resources = { mem = "2G", cpus-per-task = 2 }
[[rules]]
worker_resources = { cpus-per-task = 3, sbatch_opts = ["--nice"] }
[[rules]]
[[rules]]
job_id_glob = "*-other-*"
worker_resources = { mem = "3G" }
[[rules]]
worker_resources = { target = "elsewhere", mem = "4G" }
`;
  const resources = parseResources(text, "resources.toml");
  const job = { id: ID, target: "cluster", hints: { partition: "steps", mem: "1G" } };
  const whole = resolveResources(resources, { ...job, hints: null });
  expect(resolveWorkerResources(resources, job, whole)).toEqual({
    partition: "steps",
    mem: "2G",
    time: "1:00",
    cpusPerTask: 3,
    sbatchOpts: ["--nice"],
  });
  expect(resolveWorkerResources(undefined, { ...job, hints: null }, whole)).toEqual(whole);
});

test("takes the network from the last rule that speaks of it", () => {
  const resources = parseResources(
    "[defaults]\nnetwork = true\n[[rules]]\nnetwork = false\n[[rules]]\nmem = '1G'",
    "r",
  );
  expect(resolveResources(resources, { id: ID, target: "c", hints: null })).toEqual({
    mem: "1G",
    network: false,
    sbatchOpts: [],
  });
});

test("takes the policy of retries whole from the last rule that has one", () => {
  const text = `
[defaults]
retry = { count = 2, mem_factor = 2, max_mem = "64G", time_factor = 1.5, max_time = "2-00:00:00", infrastructure = 3 }
[[rules]]
job_id_glob = "*-generate-*"
retry = { infrastructure = 0 }
`;
  const resolve = (id: string) => resolveResources(parseResources(text, "r"), { id, target: "c", hints: null }).retry;
  const policy = {
    count: 2,
    mem_factor: 2,
    max_mem: "64G",
    time_factor: 1.5,
    max_time: "2-00:00:00",
    infrastructure: 3,
  };
  expect(resolve("x-sum-1")).toEqual(policy);
  expect(resolve(ID)).toEqual({ infrastructure: 0 });
});

test("lets an empty list of options count as absent", () => {
  const resources = parseResources("[defaults]\nsbatch_opts = ['-A x']\n[[rules]]\nsbatch_opts = []", "r");
  expect(resolveResources(resources, { id: ID, target: "c", hints: null }).sbatchOpts).toEqual(["-A x"]);
});

test("asks for nothing when nobody does", () => {
  expect(resolveResources(undefined, { id: ID, target: "c", hints: undefined })).toEqual({ sbatchOpts: [] });
});

test("matches a glob against the whole id in linear time", () => {
  const many = parseResources(`[[rules]]\njob_id_glob = "${"*a".repeat(40)}"\nmem = "1G"`, "r");
  expect(resolveResources(many, { id: "a".repeat(150) + "b", target: "c", hints: null }).mem).toBeUndefined();
  expect(resolveResources(many, { id: "a".repeat(150), target: "c", hints: null }).mem).toBe("1G");
  const part = parseResources('[[rules]]\njob_id_glob = "generate"\nmem = "1G"', "r");
  expect(resolveResources(part, { id: ID, target: "c", hints: null }).mem).toBeUndefined();
});

test.each([
  ['[defaults]\nmem = "1G\\n#SBATCH --wrap=x"', "defaults.mem"],
  ['[defaults]\ntime = "-1"', "defaults.time"],
  ['[defaults]\npartition = "a b"', "defaults.partition"],
  ['[[rules]]\nsbatch_opts = ["--x\\ny"]', "rules[1].sbatch_opts[1]"],
  ['[[rules]]\nsbatch_opts = ["gres=gpu:1"]', "rules[1].sbatch_opts[1]"],
  ['[[rules]]\nsbatch_opts = "--x"', "rules[1].sbatch_opts"],
  ["[[rules]]\ncpus_per_task = 2", "rules[1].cpus_per_task"],
  ["[defaults]\ncpus-per-task = 0", "defaults.cpus-per-task"],
  ["[[rules]]\nstep_resources = {}", "rules[1].step_resources"],
  ["[defaults]\nretry = { attempts = 2 }", "unknown key defaults.retry.attempts"],
  ["[defaults]\nretry = { count = 2 }", "nothing says what the next attempt gets more of"],
  ["[defaults]\nretry = { count = 0, mem_factor = 2 }", "defaults.retry.count"],
  ["[defaults]\nretry = { count = 11, mem_factor = 2 }", "defaults.retry.count"],
  ["[defaults]\nretry = { mem_factor = 2 }", "a factor needs to know how many attempts may follow"],
  ["[defaults]\nretry = { count = 1, mem_factor = 1 }", "defaults.retry.mem_factor"],
  ["[defaults]\nretry = { count = 1, time_factor = 150 }", "defaults.retry.time_factor"],
  ["[defaults]\nretry = { count = 1, time_factor = 2, max_mem = '1G' }", "defaults.retry.max_mem"],
  ["[defaults]\nretry = { count = 1, mem_factor = 2, max_time = '1' }", "defaults.retry.max_time"],
  ["[[rules]]\nretry = { infrastructure = -1 }", "rules[1].retry.infrastructure"],
  ["[[rules]]\nworker_resources = { retry = {} }", "rules[1].worker_resources.retry"],
])("refuses %j", (text, path) => {
  const parse = (): unknown => parseResources(text, "resources.toml");
  expect(parse).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(parse).toThrow(`resources.toml: `);
  expect(parse).toThrow(path);
});

test.each([{ mem: "1G\nx" }, { partition: "--wrap" }, { sbatch_opts: ["--a\n--b"] }])(
  "refuses the hint %j",
  (hints) => {
    const resolve = (): unknown => resolveResources(undefined, { id: ID, target: "c", hints });
    expect(resolve).toThrow(expect.objectContaining({ code: "LAB_INVALID" }));
    expect(resolve).toThrow(ID);
  },
);
