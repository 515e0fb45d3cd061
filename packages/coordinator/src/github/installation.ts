import { RepxError } from "@repx/core/model";
import type { Config } from "../config.ts";
import { AppPage, InstallationAnswer, readAnswer } from "./answers.ts";
import { openAppClient, splitRepository, type AppClient } from "./app-client.ts";
import { readStatus } from "./failure.ts";

/** Our App's installation in a repository; the slug is its name, whose comments are those of `<slug>[bot]`. */
export interface Installation {
  readonly id: number;
  readonly appSlug: string;
}

/** Finds our App's installation in a repository; AUTH_APP_NOT_INSTALLED says where to install it. */
export async function findInstallation(config: Config, repository: string): Promise<Installation> {
  const github = openAppClient(config);
  try {
    const { data } = await github.rest.apps.getRepoInstallation(splitRepository(repository));
    const { id, app_slug: appSlug } = readAnswer(InstallationAnswer, data, "an installation");
    return { id, appSlug };
  } catch (thrown) {
    if (thrown instanceof RepxError) throw thrown;
    const status = readStatus(thrown);
    if (status === 404) throw await refuse(github, config, repository);
    throw explainOutage(thrown, status);
  }
}

async function refuse(github: AppClient, config: Config, repository: string): Promise<RepxError> {
  const page = await findAppPage(github);
  const where = page === undefined ? `the App ${config.GITHUB_APP_ID}` : `the App at ${page}/installations/new`;
  return new RepxError("AUTH_APP_NOT_INSTALLED", `the GitHub App is not installed in ${repository}`, {
    hint: `Install ${where} in ${repository}, then run the workflow again.`,
  });
}

async function findAppPage(github: AppClient): Promise<string | undefined> {
  try {
    return AppPage.parse((await github.rest.apps.getAuthenticated()).data).html_url;
  } catch {
    // Only the hint suffers: it names the App by its number.
    return undefined;
  }
}

function explainOutage(thrown: unknown, status: number | undefined): RepxError {
  if (status === undefined || status >= 500) {
    return new RepxError("GITHUB_UNREACHABLE", `GitHub did not answer${status === undefined ? "" : ` (${status})`}`, {
      hint: "Try again in a minute; see https://www.githubstatus.com.",
      cause: thrown,
    });
  }
  return new RepxError("GITHUB_REFUSED", `GitHub refused the App's request with ${status}`, {
    hint: "Check GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY of the coordinator, and the App's rate limit.",
    cause: thrown,
  });
}
