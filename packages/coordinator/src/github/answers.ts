// The parts of GitHub's answers that we read. A proxy between may answer 200 with something else.
import { RepxError } from "@repx/core/model";
import * as z from "zod";
import { renderIssues } from "../issues.ts";

/** A comment that was just written. */
export const Written = z.object({ id: z.int().positive() });

/** A check run that was just written, with how many annotations it has by now. */
export const WrittenCheck = Written.extend({
  output: z.object({ annotations_count: z.int().min(0).nullish() }).nullish(),
});

export const CheckRunList = z.object({
  total_count: z.int(),
  check_runs: z.array(z.object({ id: z.int().positive(), external_id: z.string().nullish() })),
});

/** A comment of anyone; `user` is null when the account is gone. */
export const Comment = z.object({
  id: z.int().positive(),
  body: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
  performed_via_github_app: z.object({ id: z.int() }).nullish(),
});
export type Comment = z.infer<typeof Comment>;

export const CommentList = z.array(Comment);

export const InstallationAnswer = z.object({ id: z.int().positive(), app_slug: z.string().min(1).max(200) });

export const DefaultBranch = z.object({ default_branch: z.string().min(1).max(300) });

export const HookDeliveryList = z.array(
  z.object({ id: z.int(), guid: z.string(), delivered_at: z.string(), status_code: z.int() }),
);

export const AppPage = z.object({ html_url: z.url() });

/** Reads an answer of GitHub's; one that is not as its API says counts as no answer (GITHUB_UNREACHABLE). */
export function readAnswer<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const message = `GitHub's answer is not ${what}: ${renderIssues(parsed.error)}`;
  throw new RepxError("GITHUB_UNREACHABLE", message, {
    hint: "Check GITHUB_API_URL of the coordinator: a proxy may answer in GitHub's place.",
    cause: parsed.error,
  });
}
