import * as z from "zod";

/** One word that cannot be taken for an option or begin a line of its own. */
export const Word = z.string().regex(/^[^\s\p{Cc}-][^\s\p{Cc}]*$/u, "must be one word that does not begin with '-'");

const MOST_COUNT = 10;
const MOST_INFRASTRUCTURE = 100;
/** A slip (`150` for `1.5`) would ask for the whole cluster at once. */
const MOST_FACTOR = 16;
const Factor = z.number().gt(1).max(MOST_FACTOR);

/**
 * The table `retry` of a resources.toml: what another attempt of a job gets after OUT_OF_MEMORY or TIMEOUT, and how often it
 * is begun again after its node failed or it was preempted. An empty one is no policy.
 */
export const RetryPolicy = z
  .strictObject({
    /** How many attempts may follow, after both ends together. */
    count: z.int().min(1).max(MOST_COUNT).optional(),
    mem_factor: Factor.optional(),
    max_mem: Word.optional(),
    time_factor: Factor.optional(),
    max_time: Word.optional(),
    infrastructure: z.int().min(0).max(MOST_INFRASTRUCTURE).optional(),
  })
  .superRefine((policy, context) => {
    const add = (path: string, message: string, hint: string): void =>
      context.addIssue({ code: "custom", path: [path], input: policy, message, params: { hint } });
    const hasFactor = policy.mem_factor !== undefined || policy.time_factor !== undefined;
    if (policy.count !== undefined && !hasFactor)
      add("count", "nothing says what the next attempt gets more of", "Add `mem_factor = 2` or `time_factor = 2`.");
    if (policy.count === undefined && hasFactor)
      add("count", "a factor needs to know how many attempts may follow", "Add `count = 2`.");
    if (policy.max_mem !== undefined && policy.mem_factor === undefined)
      add("max_mem", "there is no mem_factor that it would hold back", "Add `mem_factor = 2`, or remove it.");
    if (policy.max_time !== undefined && policy.time_factor === undefined)
      add("max_time", "there is no time_factor that it would hold back", "Add `time_factor = 2`, or remove it.");
  });
export type RetryPolicy = z.infer<typeof RetryPolicy>;
