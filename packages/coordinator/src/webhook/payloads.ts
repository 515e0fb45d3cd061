// The parts of GitHub's webhooks that we use (docs.github.com, "Webhook events and payloads").
import { CommitSha } from "@repx/core/model";
import * as z from "zod";

/** A login as GitHub gives them out; with an underscore for managed users, with `[bot]` for Apps. */
const Login = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9_-]+(\[bot\])?$/, "not a login");

/** Who caused an event. */
export const Person = z.object({ id: z.int().positive(), login: Login });
export type Person = z.infer<typeof Person>;

const RepositoryName = z.string().regex(/^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, "not owner/name");

const Delivery = z.object({
  repository: z.object({ id: z.int().positive(), full_name: RepositoryName }),
  installation: z.object({ id: z.int().positive() }),
  sender: Person,
});
export type Delivery = z.infer<typeof Delivery>;

const App = z.object({ id: z.int().positive(), slug: z.string().min(1).max(200).optional() });

/** A check run on which somebody pressed `Re-run` or one of our buttons. */
export const CheckRunPayload = Delivery.extend({
  check_run: z.object({
    id: z.int().positive(),
    head_sha: CommitSha,
    external_id: z.string().max(500).nullish(),
    app: App,
  }),
  requested_action: z.object({ identifier: z.string().max(20) }).nullish(),
});

/** All checks of a commit, asked for again. */
export const CheckSuitePayload = Delivery.extend({ check_suite: z.object({ head_sha: CommitSha, app: App }) });

const Side = z.object({ sha: CommitSha, repo: z.object({ id: z.int().positive() }).nullable() });

/** A pull request that was opened, pushed to or closed; `head.repo` is null when the fork was deleted. */
export const PullRequestPayload = Delivery.extend({
  pull_request: z.object({
    number: z.int().positive(),
    head: Side,
    base: Side,
    user: Person.nullable(),
  }),
});
