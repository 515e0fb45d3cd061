import { LabHash, RepxError, RunName, type KnownLab } from "@repx/core/model";
import { Hono } from "hono";
import * as z from "zod";
import { readConfig } from "../config.ts";
import { renderIssues } from "../issues.ts";
import { verifyIdToken } from "../oidc.ts";
import { readBearer } from "../token.ts";

const Question = z.object({
  lab: LabHash,
  target: z.string().min(1).max(100),
  runs: z.array(RunName).min(1).max(200),
});

/** Few Labs were submitted more often without a pass than that, and then the target is asked. */
const MAX_TRIED = 5;

/**
 * Answers for a Lab that has passed before, so that a merge queue need not ask the cluster: equal hashes are equal code,
 * inputs and parameters. The repository is the ID token's; asking does not use the token up.
 */
export function createKnownLabs(): Hono<{ Bindings: Cloudflare.Env }> {
  const labs = new Hono<{ Bindings: Cloudflare.Env }>();
  labs.get("/api/labs/:lab", async ({ env, req, json }) => {
    const config = readConfig(env);
    const expected = { issuer: config.OIDC_ISSUER, audience: config.COORDINATOR_ORIGIN };
    const claims = await verifyIdToken(readBearer(req.raw), expected);
    const { lab, target, runs } = readQuestion({
      lab: req.param("lab"),
      target: req.query("target"),
      runs: req.queries("run"),
    });
    const entries = await env.REPOSITORIES.getByName(claims.repository_id).listSubmissions({ lab, limit: MAX_TRIED });
    for (const { id } of entries.filter((entry) => entry.target === target)) {
      const jobs = await env.SUBMISSIONS.getByName(id).readPassed(runs);
      if (jobs !== undefined) return json({ submission: id, jobs } satisfies KnownLab);
    }
    throw new RepxError("COORD_NOT_FOUND", `no submission of ${lab} to ${target} has passed with ${runs.join(", ")}`, {
      hint: "Submit it.",
    });
  });
  return labs;
}

function readQuestion(values: unknown): z.infer<typeof Question> {
  const parsed = Question.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new RepxError("COORD_REQUEST_INVALID", `the Lab cannot be looked up: ${renderIssues(parsed.error)}`, {
    hint: "Ask for /api/labs/<hash>?target=<target>&run=<run>&run=<run>.",
    cause: parsed.error,
  });
}
