import { readConfig } from "../config.ts";
import { readRepositoryNumber } from "../github/repository-number.ts";
import type { IndexEntry, IndexQuery } from "./submission-index.ts";
import type { BoardContext } from "./viewer.ts";

/** Lists the submissions of a repository, `owner/name`, from its index; none of one in which our App is not installed. */
export async function listSubmissions(
  { env }: BoardContext,
  repository: string,
  query: IndexQuery,
): Promise<readonly IndexEntry[]> {
  const number = await readRepositoryNumber(readConfig(env), repository);
  return number === undefined ? [] : env.REPOSITORIES.getByName(number).listSubmissions(query);
}
