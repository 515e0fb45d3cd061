import * as z from "zod";
import { readAnswer } from "./answers.ts";
import type { AppClient, Repository } from "./app-client.ts";
import { readStatus } from "./failure.ts";

/** GitHub folds its roles into admin, write, read and none; a server that does not says `maintain` where github.com says write. */
const Permission = z.object({
  permission: z.string().max(50),
  user: z.object({ id: z.int() }).nullish(),
});
const WRITING: ReadonlySet<string> = new Set(["admin", "maintain", "write"]);

/** Tells whether a person may write to a repository, and is still the one of that number: logins change hands. */
export async function mayWrite(
  github: AppClient,
  repository: Repository,
  person: { readonly id: number; readonly login: string },
): Promise<boolean> {
  try {
    const { data } = await github.rest.repos.getCollaboratorPermissionLevel({ ...repository, username: person.login });
    const { permission, user } = readAnswer(Permission, data, "a collaborator's permission");
    return WRITING.has(permission) && user?.id === person.id;
  } catch (thrown) {
    // Nobody of that name: an App, or an account that is gone.
    if (readStatus(thrown) === 404) return false;
    throw thrown;
  }
}
