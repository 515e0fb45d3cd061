// Check runs as GitHub keeps them, over an emulator that lets anyone write them, reopens concluded ones, forgets
// annotations and does not know whose they are.
import * as z from "zod";
import type { Bearer } from "./github-rules-tokens.ts";
import { type RulesAnswer, renderJson, renderRefusal } from "./github-rules-request.ts";

const Fields = z.record(z.string(), z.unknown());
type Fields = z.infer<typeof Fields>;
const Output = z.looseObject({ annotations: z.array(z.unknown()).default([]) });
const CheckRun = z.looseObject({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  head_sha: z.string(),
  output: Fields,
});
const CheckRunList = z.looseObject({ check_runs: z.array(CheckRun) });

/** What is known of a check run beyond what the emulator keeps. */
export interface KnownCheck {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly status: string;
  readonly appId: number;
  /** In the order in which they were added, over all requests. */
  readonly annotations: readonly unknown[];
  readonly actions: readonly unknown[];
}

/** A write of a check run, on its way to the emulator. */
export interface CheckWrite {
  readonly json: unknown;
  readonly bearer: Bearer;
  /** Of the run that is updated. */
  readonly id?: number;
}

export interface CheckRules {
  readonly known: ReadonlyMap<number, KnownCheck>;
  /** Refuses a write, or says what of it GitHub would keep. */
  admit(write: CheckWrite): { readonly refusal: RulesAnswer } | { readonly json: Fields };
  /** Notes what was written, and completes the emulator's answer. */
  note(write: CheckWrite, answer: RulesAnswer): RulesAnswer;
  /** Completes an answer about one run or many, filtered and in pages as asked. */
  complete(answer: RulesAnswer, query: URLSearchParams): RulesAnswer;
  /** Answers with the annotations of a run. */
  listAnnotations(id: number, query: URLSearchParams): RulesAnswer;
}

/** Opens what GitHub knows of check runs: nothing. */
export function openCheckRules(): CheckRules {
  const known = new Map<number, KnownCheck>();
  const decorate = (run: z.infer<typeof CheckRun>): Fields => {
    const mine = known.get(run.id);
    if (mine === undefined) return run;
    const output = { ...run.output, annotations_count: mine.annotations.length };
    return { ...run, app: { id: mine.appId }, output };
  };
  return {
    known,
    admit: (write) => admit(write, write.id === undefined ? undefined : known.get(write.id)),
    note: (write, answer) => {
      if (answer.status !== 200 && answer.status !== 201) return answer;
      const run = CheckRun.parse(JSON.parse(answer.body));
      const before = known.get(run.id);
      const { annotations } = Output.parse(Fields.parse(write.json)["output"] ?? {});
      known.set(run.id, {
        id: run.id,
        name: run.name,
        headSha: run.head_sha,
        status: run.status,
        appId: before?.appId ?? (write.bearer.kind === "installation" ? write.bearer.appId : 0),
        annotations: [...(before?.annotations ?? []), ...annotations],
        actions: z.array(z.unknown()).safeParse(Fields.parse(write.json)["actions"]).data ?? before?.actions ?? [],
      });
      return renderJson(answer.status, decorate(run), answer.headers);
    },
    complete: (answer, query) => {
      if (answer.status !== 200) return answer;
      const body: unknown = JSON.parse(answer.body);
      const list = CheckRunList.safeParse(body).data;
      if (list === undefined) return renderJson(200, decorate(CheckRun.parse(body)), answer.headers);
      const app = query.get("app_id");
      const wanted = list.check_runs.filter((run) => app === null || known.get(run.id)?.appId === Number(app));
      const page = takePage(wanted.map(decorate), query);
      return renderJson(200, { total_count: wanted.length, check_runs: page }, answer.headers);
    },
    listAnnotations: (id, query) => renderJson(200, takePage(known.get(id)?.annotations ?? [], query)),
  };
}

function admit({ json, bearer }: CheckWrite, before: KnownCheck | undefined): ReturnType<CheckRules["admit"]> {
  if (bearer.kind !== "installation") {
    return { refusal: renderRefusal(403, "You must authenticate via a GitHub App.") };
  }
  if (bearer.permissions["checks"] !== "write" || (before !== undefined && before.appId !== bearer.appId)) {
    return { refusal: renderRefusal(403, "Resource not accessible by integration") };
  }
  const fields = Fields.parse(json);
  // "Providing conclusion will automatically set the status parameter to completed."
  const asked = fields["status"] ?? (fields["conclusion"] === undefined ? undefined : "completed");
  const isReopened = before?.status === "completed" && asked !== undefined && asked !== "completed";
  const { status: _status, conclusion: _conclusion, completed_at: _completedAt, ...rest } = fields;
  const output = Output.safeParse(fields["output"]).data;
  return {
    json: {
      // A concluded run stays so (taskcluster#5085); the rest of such a request is honoured.
      ...(isReopened ? rest : { ...fields, ...(asked !== undefined && { status: asked }) }),
      // The emulator replaces annotations; GitHub appends ("annotations are appended to the list").
      ...(output && { output: { ...output, annotations: [...(before?.annotations ?? []), ...output.annotations] } }),
    },
  };
}

function takePage<T>(all: readonly T[], query: URLSearchParams): T[] {
  const [size, page] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
  return all.slice((page - 1) * size, page * size);
}
