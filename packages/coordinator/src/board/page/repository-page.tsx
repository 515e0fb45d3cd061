import type { RepositoryPage, SubmissionEntry } from "../views.ts";
import { listRepositoryCrumbs, Page, type Frame } from "./frame.tsx";
import { Commit, PullRequest, Standing, Time } from "./texts.tsx";

/** `/r/<owner>/<repo>`: the submissions of a repository, the newest first. */
export function RepositoryView({ view, frame }: { readonly view: RepositoryPage; readonly frame: Frame }) {
  const { repository, pullRequest } = view;
  const next = new URLSearchParams();
  if (pullRequest !== undefined) next.set("pullRequest", String(pullRequest));
  if (view.before !== undefined) next.set("before", String(view.before));
  return (
    <Page title={repository} frame={frame} crumbs={listRepositoryCrumbs(repository)}>
      <h1>{repository}</h1>
      <form method="get" class="filter">
        <label>
          Pull request
          <input name="pullRequest" inputmode="numeric" pattern="[0-9]*" value={pullRequest ?? ""} />
        </label>
        <button type="submit">Show</button>
        <a href={`/r/${repository}`}>All submissions</a>
      </form>
      {view.submissions.length === 0 ? (
        <p class="empty">There is no submission yet.</p>
      ) : (
        <SubmissionTable view={view} frame={frame} />
      )}
      {view.before === undefined ? undefined : (
        <nav class="pages" aria-label="Pages of submissions">
          <a href={`?${next.toString()}`} rel="next">
            Older
          </a>
        </nav>
      )}
    </Page>
  );
}

function SubmissionTable({ view, frame }: { readonly view: RepositoryPage; readonly frame: Frame }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Submissions">
      <table class="submissions">
        <caption>
          {view.pullRequest === undefined ? "Submissions, the newest first" : `Submissions of #${view.pullRequest}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Submission</th>
            <th scope="col">Runs</th>
            <th scope="col">Pull request</th>
            <th scope="col">Commit</th>
            <th scope="col">Target</th>
          </tr>
        </thead>
        <tbody>
          {view.submissions.map((entry) => (
            <Row entry={entry} repository={view.repository} frame={frame} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { readonly entry: SubmissionEntry; readonly repository: string; readonly frame: Frame }) {
  const { entry, repository, frame } = props;
  return (
    <tr>
      <th scope="row">
        <a href={`/s/${entry.id}`}>
          <Time at={entry.createdAt} />
        </a>
      </th>
      <td>
        <ul class="runs">
          {entry.runs.map(({ name, verdict, title }) => (
            <li>
              <a href={`/r/${repository}/runs/${encodeURIComponent(name)}`}>{name}</a>{" "}
              <Standing state={verdict} said={title} />
            </li>
          ))}
        </ul>
      </td>
      <td>
        {entry.pullRequest === undefined ? undefined : (
          <PullRequest frame={frame} repository={repository} number={entry.pullRequest} />
        )}
      </td>
      <td>
        <Commit frame={frame} repository={repository} sha={entry.headSha} />
      </td>
      <td>{entry.target}</td>
    </tr>
  );
}
