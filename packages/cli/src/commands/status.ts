import type { SubmissionList, SubmissionStatus } from "@repx/core/submissions";
import { isConcluded, isFinal, isSuccess, RepxError } from "@repx/core/model";
import type { Command, CommandCall } from "../command.ts";
import { count, renderNumber } from "../count.ts";
import { CONNECT_FLAGS, describeTarget, openTarget, type OpenedTarget } from "../open-target.ts";
import { renderTable } from "../render-table.ts";
import { describeJobs, describeSubmission } from "../submission/describe-status.ts";
import { renderTime } from "../submission/render-status.ts";
import { parseSubmissionWord, SUBMISSION_OPERAND } from "../submission/submission-words.ts";
import { printStatus } from "../submission/submit-runs.ts";

const MOST = 20;

/** Tells how submissions stand. */
export const STATUS: Command = {
  name: "status",
  summary: "tell how a submission stands, by run and stage",
  description:
    "Asks the target and its scheduler, whatever became of the relay there; one that was killed is started again. Where " +
    "the scheduler does not answer it tells what was known, and of when, and the exit status is 4.",
  operands: [SUBMISSION_OPERAND],
  flags: {
    ...CONNECT_FLAGS,
    all: { short: "a", summary: `list the newest ${MOST} submissions of the target, with the counts of their jobs` },
  },
  examples: ["repx status", "repx status s3k4 --target cluster", "repx status --all", "repx status --json"],
  run: runStatus,
};

async function runStatus(call: CommandCall): Promise<number> {
  const word = parseSubmissionWord(call.operands[0]);
  if (call.isSet("all") && word !== undefined) {
    throw new RepxError("INPUT_INVALID", `--all and ${word} are given together`, {
      hint: "--all lists submissions; leave it out to see one of them.",
    });
  }
  const { listSubmissions, openWatch } = await import("@repx/core/submissions");
  await using opened = await openTarget(call);
  const { basePath } = opened.target;
  call.screen.showBar("asking the target");
  if (call.isSet("all")) {
    const list = await listSubmissions(opened.transport, basePath, MOST);
    call.screen.showBar("");
    tellAll(call, opened, list);
    return judge(call, list.submissions);
  }
  const status = await openWatch(opened.transport, basePath, word).look();
  call.screen.showBar("");
  if (call.isSet("json")) {
    const target = describeTarget(opened, opened.transport);
    call.screen.printJson({ ...describeSubmission(status), target, jobs: describeJobs(status) });
  } else await printStatus(call, status, `${opened.target.name} (${opened.transport.description})`);
  return judge(call, [status]);
}

/** What was known is told on stdout; that it may be old is no success. Of what has ended nothing can change. */
function judge({ screen }: CommandCall, submissions: readonly SubmissionStatus[]): number {
  const doubtful = submissions.find((status) => !status.scheduler.isUp && !isConcluded(status));
  if (doubtful === undefined) return 0;
  const { error, seenAt } = doubtful.scheduler;
  const since = seenAt === undefined ? "it never did" : `it last did at ${renderTime(seenAt)}`;
  throw new RepxError(
    "SLURM_UNREACHABLE",
    `the scheduler does not answer on the target, ${since}${error === undefined ? "" : `: ${error}`}`,
    {
      hint: screen.isTerminal
        ? "The jobs run on. Ask again later; `scontrol ping` there tells more."
        : "Ask again later.",
    },
  );
}

function tellAll(call: CommandCall, opened: OpenedTarget, { total, submissions, unreadable }: SubmissionList): void {
  const { screen } = call;
  if (call.isSet("json")) {
    const target = describeTarget(opened, opened.transport);
    screen.printJson({ target, total, submissions: submissions.map(describeSubmission), unreadable });
    return;
  }
  for (const id of unreadable)
    screen.note(`(${id} cannot be read: another version of RepX wrote it, or its programs are gone)`);
  if (submissions.length + unreadable.length === 0) {
    screen.note(`(no submissions under ${opened.target.basePath})`);
    return;
  }
  if (submissions.length === 0) return;
  const rows = submissions.map((status) => [
    screen.isTerminal ? status.id.slice(0, 8) : status.id,
    renderTime(status.plan.createdAt),
    ...countStates(status),
    status.plan.runs.map(({ name }) => name).join(" "),
  ]);
  const head = ["SUBMISSION", "SUBMITTED", "JOBS", "DONE", "OPEN", "FAILED", "RUNS"];
  for (const line of renderTable({ head, rows, right: [2, 3, 4, 5] }, screen)) screen.print(line);
  const older = total - submissions.length - unreadable.length;
  if (older > 0) screen.note(`(and ${count(older, "older one")})`);
}

function countStates({ plan, records }: SubmissionStatus): string[] {
  const states = plan.jobs.map(({ id }) => records.get(id)?.state ?? "queued");
  const done = states.filter(isSuccess).length;
  const open = states.filter((state) => !isFinal(state)).length;
  return [states.length, done, open, states.length - done - open].map((number, at) =>
    number === 0 && at > 1 ? "" : renderNumber(number),
  );
}
