import { renderQuantity } from "@repx/core/model";
import { Sparkline } from "../picture/sparkline.tsx";
import type { RunPage } from "../views.ts";
import { listRepositoryCrumbs, Page, type Frame } from "./frame.tsx";
import { Commit, Duration, PullRequest, renderDuration, Standing, Time } from "./texts.tsx";

/** `/r/<owner>/<repo>/runs/<run>`: one run in the submissions of a repository, over time. */
export function RunView({ view, frame }: { readonly view: RunPage; readonly frame: Frame }) {
  return (
    <Page title={`${view.run} of ${view.repository}`} frame={frame} crumbs={listRepositoryCrumbs(view.repository)}>
      <h1>{`Run ${view.run}`}</h1>
      {view.submissions.length === 0 ? (
        <p class="empty">No submission has this run.</p>
      ) : (
        <>
          <Trends view={view} />
          <History view={view} frame={frame} />
        </>
      )}
    </Page>
  );
}

interface Trend {
  readonly name: string;
  /** The oldest first. */
  readonly values: readonly (number | undefined)[];
  readonly render: (value: number) => string;
}

function listTrends({ submissions }: RunPage): Trend[] {
  const oldestFirst = submissions.toReversed();
  const names = new Set(oldestFirst.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  const metrics = [...names].toSorted().map((name): Trend => ({
    name,
    values: oldestFirst.map((one) => one.metrics.find((metric) => metric.name === name)?.mean),
    render: (value) => renderQuantity(Number(value.toPrecision(6))),
  }));
  const durations = oldestFirst.map(({ wallSeconds }) => wallSeconds);
  return [{ name: "duration", values: durations, render: renderDuration }, ...metrics];
}

function Trends({ view }: { readonly view: RunPage }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Trends">
      <table class="trends">
        <caption>{`Over the last ${view.submissions.length === 1 ? "submission" : `${view.submissions.length} submissions`}; metrics are means over jobs`}</caption>
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col" class="number">
              Latest
            </th>
            <th scope="col">Course</th>
          </tr>
        </thead>
        <tbody>
          {listTrends(view).map((trend) => (
            <TrendRow trend={trend} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TrendRow({ trend: { name, values, render } }: { readonly trend: Trend }) {
  const known = values.filter((value) => value !== undefined);
  const last = known.at(-1);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td class="number">{last === undefined ? "none yet" : render(last)}</td>
      <td>{known.length === 0 ? undefined : <Sparkline values={values} label={known.map(render).join(", ")} />}</td>
    </tr>
  );
}

function History({ view, frame }: { readonly view: RunPage; readonly frame: Frame }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Submissions">
      <table class="history">
        <caption>Submissions, the newest first</caption>
        <thead>
          <tr>
            <th scope="col">Submission</th>
            <th scope="col">Pull request</th>
            <th scope="col">Commit</th>
            <th scope="col">Verdict</th>
            <th scope="col" class="number">
              Duration
            </th>
            <th scope="col" class="number">
              Sum over jobs
            </th>
          </tr>
        </thead>
        <tbody>
          {view.submissions.map((one) => (
            <tr>
              <th scope="row">
                <a href={`/s/${one.id}`}>
                  <Time at={one.createdAt} />
                </a>
              </th>
              <td>
                {one.pullRequest === undefined ? undefined : (
                  <PullRequest frame={frame} repository={view.repository} number={one.pullRequest} />
                )}
              </td>
              <td>
                <Commit frame={frame} repository={view.repository} sha={one.headSha} />
              </td>
              <td>
                <Standing state={one.verdict} said={one.title} />
              </td>
              <td class="number">
                <Duration seconds={one.wallSeconds} />
              </td>
              <td class="number">
                <Duration seconds={one.jobSeconds} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
