import type { AppClient, Repository } from "./app-client.ts";
import { DefaultBranch, readAnswer } from "./answers.ts";

/** A workflow that a repository copied from `workflows/`, by its file's name. */
export type WorkflowFile = "experiment.yml" | "reconcile.yml" | "cancel.yml" | "publish.yml";

/**
 * Starts a workflow of the default branch with inputs. Needs `actions: write`; repository_dispatch would need
 * `contents: write`, by which the App could change code (docs.github.com, "Permissions required for GitHub Apps").
 */
export async function dispatchWorkflow(
  github: AppClient,
  repository: Repository,
  file: WorkflowFile,
  inputs: Readonly<Record<string, string>>,
): Promise<void> {
  const { data } = await github.rest.repos.get(repository);
  const { default_branch: ref } = readAnswer(DefaultBranch, data, "a repository");
  await github.rest.actions.createWorkflowDispatch({ ...repository, workflow_id: file, ref, inputs: { ...inputs } });
}
