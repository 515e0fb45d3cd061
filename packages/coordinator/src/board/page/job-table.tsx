import { PAGE_SIZE, renderJobQuery, Sort, StateFilter, type JobQuery } from "../job-query.ts";
import type { JobLine, SubmissionPage } from "../views.ts";
import { describeState, Duration, Standing, Time } from "./texts.tsx";

const SORT_WORDS: Record<Sort, string> = {
  order: "as registered",
  slowest: "slowest first",
  latest: "latest news first",
  stage: "by stage",
};

/** The form above the table; what it sends is the page's address. */
export function JobFilter({ query, stages }: { readonly query: JobQuery; readonly stages: readonly string[] }) {
  const known = query.stage === "" || stages.includes(query.stage) ? stages : [query.stage, ...stages];
  return (
    <form method="get" action="#jobs-title" class="filter">
      <label>
        State
        <select name="state">
          {StateFilter.options.map((state) => (
            <option value={state} selected={state === query.state}>
              {describeState(state)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Stage
        <select name="stage">
          <option value="" selected={query.stage === ""}>
            any
          </option>
          {known.map((stage) => (
            <option value={stage} selected={stage === query.stage}>
              {stage}
            </option>
          ))}
        </select>
      </label>
      <label>
        Parameters
        <input name="parameter" value={query.parameter} placeholder="seed=1 size=16" maxlength={1000} />
      </label>
      <label>
        Order
        <select name="sort">
          {Sort.options.map((sort) => (
            <option value={sort} selected={sort === query.sort}>
              {SORT_WORDS[sort]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Show</button>
      <a href="?#jobs-title">All jobs</a>
    </form>
  );
}

/** The jobs of this page. */
export function JobTable({ view, query }: { readonly view: SubmissionPage; readonly query: JobQuery }) {
  const first = (view.page - 1) * PAGE_SIZE;
  const caption =
    view.matches === 0
      ? "No job is like that."
      : `Jobs ${(first + 1).toLocaleString("en")} to ${(first + view.jobs.length).toLocaleString("en")} of ${view.matches.toLocaleString("en")}, ${SORT_WORDS[query.sort]}`;
  return (
    <div class="scroll" id="jobs" data-fragment tabindex={0} role="region" aria-label="Jobs">
      <table class="jobs">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Parameters</th>
            <th scope="col" class="number">
              Attempt
            </th>
            <th scope="col">Node</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {view.jobs.map((job) => (
            <Row job={job} submission={view.submission.id} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ job, submission }: { readonly job: JobLine; readonly submission: string }) {
  const last = job.attempts.at(-1);
  return (
    <tr>
      <th scope="row">
        <a href={`/s/${submission}/jobs/${job.id}`}>
          {job.stage} <code>{job.id.slice(0, 8)}</code>
        </a>
      </th>
      <td>
        <Standing state={job.state} said={job.end} />
      </td>
      <td>{job.parameters === "" ? undefined : <code>{job.parameters}</code>}</td>
      <td class="number">{last?.attempt}</td>
      <td>{last?.node}</td>
      <td>{last?.startedAt === undefined ? undefined : <Time at={last.startedAt} />}</td>
      <td class="number">
        <Duration seconds={last?.elapsedSeconds} />
      </td>
    </tr>
  );
}

/** Links to the pages before and after this one. */
export function PageLinks({ view, query }: { readonly view: SubmissionPage; readonly query: JobQuery }) {
  if (view.pageCount === 1) return <></>;
  const link = (page: number) => `${renderJobQuery(query, { page })}#jobs-title`;
  return (
    <nav class="pages" aria-label="Pages of jobs">
      {view.page > 1 ? (
        <a href={link(view.page - 1)} rel="prev">
          Previous
        </a>
      ) : undefined}
      <span>{`Page ${view.page} of ${view.pageCount}`}</span>
      {view.page < view.pageCount ? (
        <a href={link(view.page + 1)} rel="next">
          Next
        </a>
      ) : undefined}
    </nav>
  );
}
