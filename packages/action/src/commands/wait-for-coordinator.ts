import { followSubmission, type ExperimentOutcome } from "@repx/core";
import type { ActionCall } from "../call.ts";
import { tellVerdicts } from "../tell-verdicts.ts";

/** Stays until the coordinator has concluded a submission, and fails the step when a run does. */
export async function waitForCoordinator(call: ActionCall, { registration }: ExperimentOutcome): Promise<void> {
  const { inputs, reporter } = call;
  if (inputs.coordinator === undefined || registration === undefined) return;
  const view = await followSubmission(inputs.coordinator, registration, reporter);
  await tellVerdicts(call, view.runs, "The check has the failed jobs with the ends of their logs.");
}
