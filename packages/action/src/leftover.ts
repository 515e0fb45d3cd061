// What a step that did not come to its end leaves behind, and what becomes of it.
import { reachTarget, takeBackSubmission } from "@repx/core";
import { RunName, SubmissionId } from "@repx/core/model";
import { cancelSubmission, cancelSubmissions } from "@repx/core/submissions";
import * as z from "zod";
import type { ActionCall } from "./call.ts";
import type { Host } from "./host.ts";
import { openOwnChecks } from "./own-token/close-checks.ts";

/** A submission that `main` began. */
export interface Leftover {
  readonly id: SubmissionId;
  /** Of the submission, at the coordinator; empty where there is none. */
  readonly token: string;
  /** Whether all of it was handed over. */
  readonly isSubmitted: boolean;
  /** Whether `main` came to its own end, be it with an error. */
  readonly hasEnded: boolean;
  readonly checks: z.infer<typeof Checks>;
}

const Checks = z.array(z.object({ run: RunName, id: z.int().positive() }));

/** Reads what `main` saved; undefined where there is nothing, or nothing that can still be taken back. */
export function readLeftover(host: Pick<Host, "readState">): Leftover | undefined {
  const id = SubmissionId.safeParse(host.readState("submission"));
  if (!id.success || host.readState("concluded") === "true") return undefined;
  return {
    id: id.data,
    token: host.readState("token"),
    isSubmitted: host.readState("submitted") === "true",
    hasEnded: host.readState("ended") === "true",
    checks: readChecks(host.readState("checks")),
  };
}

function readChecks(text: string): Leftover["checks"] {
  return text === "" ? [] : Checks.parse(JSON.parse(text));
}

type PostCall = Pick<ActionCall, "host" | "inputs" | "route">;

/** What is to become of a submission that `main` began. */
export type Settlement = "leave" | "take back" | "cancel" | "keep" | "close checks";

/**
 * Half a submission is of no use to anybody: it is taken back. A whole one is cancelled with its workflow, or kept, as `on-cancel`
 * says; where the workflow was not cancelled it is left alone, but nobody brings checks of this step up to date any more. Pure.
 */
export function chooseSettlement(
  leftover: Pick<Leftover, "isSubmitted" | "hasEnded" | "checks">,
  { onCancel, coordinator, isJobCancelled }: Pick<ActionCall["inputs"], "onCancel" | "coordinator" | "isJobCancelled">,
): Settlement {
  const isInterrupted = !leftover.hasEnded;
  // Where nobody else knows of it, an error that was told has already taken back what could be.
  if (!leftover.isSubmitted) return coordinator !== undefined || isInterrupted ? "take back" : "leave";
  if (isInterrupted || isJobCancelled) return onCancel;
  return leftover.checks.length > 0 ? "close checks" : "leave";
}

/** Does what is to become of it, and tells. */
export async function settleLeftover(call: PostCall, leftover: Leftover): Promise<void> {
  const settlement = chooseSettlement(leftover, call.inputs);
  if (settlement === "take back") await takeBack(call, leftover, "the workflow was interrupted");
  if (settlement === "cancel") await takeBack(call, leftover, "the workflow was cancelled");
  if (settlement === "keep") {
    const summary = explainKept(call, leftover);
    await tell(call.host, `The jobs of submission ${leftover.id} run on`, summary);
    await openOwnChecks(call).close(leftover.checks, {
      title: "not followed any more: the workflow was cancelled",
      summary,
    });
  }
  if (settlement === "close checks") {
    const summary = `The step that followed the jobs failed; they run on. ${nameCommands(call, leftover)}`;
    await openOwnChecks(call).close(leftover.checks, { title: "not followed any more: the step failed", summary });
  }
}

async function takeBack(call: PostCall, leftover: Leftover, reason: string): Promise<void> {
  const { host, inputs, route } = call;
  const { id, token, checks } = leftover;
  if (inputs.coordinator !== undefined) {
    const access = { id, token };
    const back = await takeBackSubmission({ ...route, coordinator: { origin: inputs.coordinator } }, access, reason);
    host.printLine(`${id}: the submission is taken back, ${back.closed} jobs are closed as cancelled`);
    if (back.trouble === undefined) return;
    const { code, message, hint } = back.trouble;
    await tell(host, `${code}: the target was not told`, `${message}\nhint: ${hint} What it has of ${id} runs on.`);
    return;
  }
  await using reached = await reachTarget(route);
  if (!leftover.isSubmitted) {
    await cancelSubmission(reached.transport, { basePath: reached.target.basePath, id });
    host.printLine(`${id}: ${reason}, the submission is taken back`);
    return;
  }
  const ends = await cancelSubmissions(reached.transport, reached.target.basePath, { beginnings: [id] });
  const cancelled = ends.reduce((sum, end) => sum + ("error" in end ? 0 : end.cancelled), 0);
  host.printLine(`${id}: ${reason}, ${cancelled} jobs are cancelled (on-cancel: cancel)`);
  await openOwnChecks(call).close(checks, {
    title: `cancelled: ${reason}`,
    summary: `${cancelled} jobs of submission \`${id}\` had not ended and were cancelled. What has ended is reused.`,
  });
}

function explainKept(call: PostCall, leftover: Leftover): string {
  const who = call.inputs.coordinator === undefined ? "nothing reports how they end" : "the checks follow them";
  return `The workflow was cancelled, and \`on-cancel: keep\` leaves its jobs: ${who}. ${nameCommands(call, leftover)}`;
}

function nameCommands({ inputs }: PostCall, { id }: Leftover): string {
  const target = inputs.target === undefined ? "" : ` --target ${inputs.target}`;
  return `Look with \`repx status ${id}${target}\`, take them back with \`repx cancel ${id}${target}\`.`;
}

async function tell(host: Host, title: string, text: string): Promise<void> {
  host.annotate("warning", title, text);
  await host.appendSummary(`## RepX: ${title}\n\n${text}\n`);
}
