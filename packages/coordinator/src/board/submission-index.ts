// The submissions of a repository as its index lists them, and what the pages make of them. Pure.
import type { RunName, SubmissionId } from "@repx/core/model";
import type { BoardContext } from "./viewer.ts";
import type { RepositoryPage, RunFacts, RunPage, SubmissionEntry } from "./views.ts";

/** What the board reads of an entry of the index. */
export interface IndexEntry {
  readonly id: SubmissionId;
  readonly pullRequest: number | null;
  readonly headSha: string;
  readonly target: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly isConcluded: boolean;
  readonly runs: readonly { readonly name: RunName; readonly verdict: string; readonly title: string }[];
}

/** Which submissions of a repository are listed, the newest first. */
export interface IndexQuery {
  readonly pullRequest?: number;
  /** Only those made before this time, in milliseconds since 1970. */
  readonly before?: number;
  readonly limit: number;
}

/** Lists submissions of a repository, `owner/name`; a repository that is not known has none. */
export type ListSubmissions = (
  context: BoardContext,
  repository: string,
  query: IndexQuery,
) => Promise<readonly IndexEntry[]>;

/** Submissions on a page of a repository. */
export const LIST_SIZE = 50;
/** Submissions that are searched for a run, and of those that have it, how many are shown. */
export const RUN_SEARCH_SIZE = 200;
const RUN_LIST_SIZE = 20;

/** Builds the page of a repository from at most `LIST_SIZE + 1` entries; the last one tells that there are more. */
export function buildRepositoryPage(
  repository: string,
  query: Pick<IndexQuery, "pullRequest">,
  entries: readonly IndexEntry[],
): RepositoryPage {
  const shown = entries.slice(0, LIST_SIZE);
  const last = shown.at(-1);
  return {
    repository,
    ...query,
    submissions: shown.map(renderEntry),
    ...(entries.length > shown.length && last !== undefined && { before: last.createdAt }),
  };
}

function renderEntry(entry: IndexEntry): SubmissionEntry {
  const { id, pullRequest, headSha, target, createdAt, isConcluded, runs } = entry;
  return {
    id,
    ...(pullRequest !== null && { pullRequest }),
    headSha,
    target,
    createdAt: new Date(createdAt).toISOString(),
    isConcluded,
    runs: runs.map(({ name, verdict, title }) => ({ name, verdict, title })),
  };
}

/** Chooses the submissions that a run's page shows. */
export function chooseWithRun(entries: readonly IndexEntry[], run: RunName): IndexEntry[] {
  return entries.filter(({ runs }) => runs.some(({ name }) => name === run)).slice(0, RUN_LIST_SIZE);
}

/** Builds the page of a run from the chosen entries and what each submission knows of it; one that knows nothing is left out. */
export function buildRunPage(
  repository: string,
  run: RunName,
  entries: readonly { readonly entry: IndexEntry; readonly facts: RunFacts | undefined }[],
): RunPage {
  const submissions = entries.flatMap(({ entry, facts }) => {
    const line = entry.runs.find(({ name }) => name === run);
    if (line === undefined || facts === undefined) return [];
    const { runs: _, isConcluded: __, ...submission } = renderEntry(entry);
    return [{ ...submission, verdict: line.verdict, title: line.title, ...facts }];
  });
  return { repository, run, submissions };
}
