import type { WorkflowFile } from "./dispatch-workflow.ts";
import { readFailure, readStatus } from "./failure.ts";

/** Why a workflow was not started and what to do, as Markdown without a full stop; `retryAt` while it is worth asking again. */
export interface DispatchFailure {
  readonly reason: string;
  readonly retryAt?: number;
}

/** Reads a failed `dispatchWorkflow`; `tries` counts those before it, `now` is in milliseconds. */
export function explainDispatch(thrown: unknown, file: WorkflowFile, tries: number, now: number): DispatchFailure {
  const status = readStatus(thrown);
  const workflow = `\`.github/workflows/${file}\``;
  if (status === 404) {
    return { reason: `there is no ${workflow} on the default branch. Copy repx's \`workflows/${file}\` there` };
  }
  if (status === 422) {
    const remedy = `Copy \`workflows/${file}\` of your release of repx there again`;
    return { reason: `the ${workflow} of the default branch takes other inputs. ${remedy}` };
  }
  const failure = readFailure(thrown, tries, now);
  const said = status === undefined ? "did not answer" : `answered ${status}`;
  const reason = `GitHub ${said} when it was asked to run ${workflow}. The App needs the permission *Actions: write*; ask again, or run the workflow by hand`;
  return failure.kind === "later" ? { reason, retryAt: failure.at } : { reason };
}
