import * as z from "zod";
import { RepxError } from "../../model/errors.ts";
import type { ResourceHints } from "../../model/lab.ts";
import { matchGlob } from "./match-glob.ts";
import { RetryPolicy, Word } from "./retry-policy.ts";
import { parseToml } from "./toml.ts";

/** What a job asks of the scheduler, ready for `#SBATCH` lines. */
export interface JobResources {
  readonly partition?: string;
  readonly cpusPerTask?: number;
  /** `4G`. */
  readonly mem?: string;
  /** `01:00:00`. */
  readonly time?: string;
  /** Whole options, `--gres=gpu:1`. */
  readonly sbatchOpts: readonly string[];
  /** Whether the job may use the network where its runtime has it off; no matter of the scheduler's. */
  readonly network?: boolean;
  /** What follows an end that more memory or time, or another node, may prevent. */
  readonly retry?: RetryPolicy;
}

const SbatchOption = z.string().regex(/^-[^\p{Cc}]+$/u, "must be one option, beginning with '-', on one line");

const RULE_KEYS = {
  job_id_glob: z.string().optional(),
  target: z.string().optional(),
  partition: Word.optional(),
  "cpus-per-task": z.int().positive().optional(),
  mem: Word.optional(),
  time: Word.optional(),
  sbatch_opts: z.array(SbatchOption).optional(),
};
const WorkerRule = z.strictObject(RULE_KEYS);
const Rule = z.strictObject({
  ...RULE_KEYS,
  network: z.boolean().optional(),
  retry: RetryPolicy.optional(),
  worker_resources: WorkerRule.optional(),
});
const ResourcesFile = z.strictObject({ defaults: Rule.optional(), rules: z.array(Rule).optional() });
type RuleTable = z.infer<typeof Rule>;

/** A `resources.toml`. */
export interface Resources {
  readonly defaults: RuleTable;
  readonly rules: readonly RuleTable[];
}

/** Parses the text of a `resources.toml`; `source` names it in messages. */
export function parseResources(text: string, source: string): Resources {
  const file = parseToml(text, source, ResourcesFile);
  return { defaults: file.defaults ?? {}, rules: file.rules ?? [] };
}

/** Resolves a job's resources: defaults, then the Lab's hints, then every matching rule in order. */
export function resolveResources(
  resources: Resources | undefined,
  job: { readonly id: string; readonly target: string; readonly hints: ResourceHints | null | undefined },
): JobResources {
  const rules = (resources?.rules ?? []).filter((rule) => isMatch(rule, job));
  const layers = [readRule(resources?.defaults ?? {}), readHints(job.id, job.hints), ...rules.map(readRule)];
  return Object.assign({ sbatchOpts: [] }, ...layers);
}

/**
 * Resolves what a task asks for that runs the steps of one work item: what the job asks for, then the steps' hints, then
 * `worker_resources` of the defaults and of every matching rule in order.
 */
export function resolveWorkerResources(
  resources: Resources | undefined,
  job: { readonly id: string; readonly target: string; readonly hints: ResourceHints | null | undefined },
  whole: JobResources,
): JobResources {
  const rules = [resources?.defaults ?? {}, ...(resources?.rules ?? []).filter((rule) => isMatch(rule, job))];
  const own = rules.flatMap(({ worker_resources: workers }) =>
    workers !== undefined && isMatch(workers, job) ? [readRule(workers)] : [],
  );
  return Object.assign({}, whole, readHints(job.id, job.hints), ...own);
}

/** Tells whether a rule is for a job. */
export function isMatch(rule: RuleTable, job: { readonly id: string; readonly target: string }): boolean {
  if (rule.target !== undefined && rule.target !== job.target) return false;
  return rule.job_id_glob === undefined || matchGlob(rule.job_id_glob, job.id);
}

function readRule(rule: RuleTable): Partial<JobResources> {
  return dropAbsent({
    partition: rule.partition,
    cpusPerTask: rule["cpus-per-task"],
    mem: rule.mem,
    time: rule.time,
    sbatchOpts: rule.sbatch_opts,
    network: rule.network,
    retry: rule.retry,
  });
}

function readHints(id: string, hints: ResourceHints | null | undefined): Partial<JobResources> {
  for (const key of ["partition", "mem", "time"] as const) checkHint(id, key, hints?.[key], Word);
  for (const option of hints?.sbatch_opts ?? []) checkHint(id, "sbatch_opts", option, SbatchOption);
  return dropAbsent({
    partition: hints?.partition,
    cpusPerTask: hints?.cpus,
    mem: hints?.mem,
    time: hints?.time,
    sbatchOpts: hints?.sbatch_opts,
  });
}

function checkHint(id: string, key: string, value: string | null | undefined, schema: z.ZodType): void {
  if (value === null || value === undefined) return;
  const issue = schema.safeParse(value).error?.issues[0];
  if (issue === undefined) return;
  throw new RepxError(
    "LAB_INVALID",
    `resource hint ${key} of job ${id} is ${JSON.stringify(value)}: ${issue.message}`,
    {
      hint: "Correct `resources` of the stage in its Nix file.",
    },
  );
}

type Layer = { readonly [Key in keyof JobResources]?: JobResources[Key] | null | undefined };

/** An empty list of options counts as absent, as in RepX. */
function dropAbsent(layer: Layer): Partial<JobResources> {
  return Object.fromEntries(
    Object.entries(layer).filter(
      ([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0),
    ),
  );
}
