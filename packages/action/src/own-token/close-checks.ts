import type { ActionCall } from "../call.ts";
import type { OwnCheck } from "./check-runs.ts";

/** Why checks are closed before their runs have ended. */
export interface Closing {
  readonly title: string;
  readonly summary: string;
}

/** Checks that the job's own token wrote. */
export interface OwnChecks {
  /** Concludes them as cancelled, which does not let a required check pass. */
  close(checks: readonly OwnCheck[], output: Closing): Promise<void>;
}

/** Opens the checks of an interrupted step; what GitHub refuses now stays as it is, and is told. */
export function openOwnChecks({ host, inputs }: Pick<ActionCall, "host" | "inputs">): OwnChecks {
  return {
    async close(checks, output) {
      if (inputs.token === undefined || checks.length === 0) return;
      const github = host.openGitHub(inputs.token);
      const [owner = "", repo = ""] = host.event.repository.split("/");
      const route = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";
      const content = { status: "completed", conclusion: "cancelled", output };
      for (const { run, id } of checks) {
        const answer = await github.request(route, { owner, repo, check_run_id: id, ...content });
        if (answer.status >= 300 || answer.status === 0)
          host.printLine(`the check of ${run} stays open: ${answer.message}`);
      }
    },
  };
}
