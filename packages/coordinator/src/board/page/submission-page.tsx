import { renderJobQuery, type JobQuery } from "../job-query.ts";
import { StageGraph } from "../picture/stage-graph.tsx";
import { Timeline } from "../picture/timeline.tsx";
import type { SubmissionPage } from "../views.ts";
import { listRepositoryCrumbs, Page, type Frame } from "./frame.tsx";
import { JobFilter, JobTable, PageLinks } from "./job-table.tsx";
import { Counts, Origin, Standing } from "./texts.tsx";

interface Props {
  readonly view: SubmissionPage;
  readonly query: JobQuery;
  readonly frame: Frame;
}

/** `/s/<id>`: the runs' verdicts, the graph of the stages, and the jobs that the query asks for. */
export function SubmissionView({ view, query, frame }: Props) {
  const { submission } = view;
  return (
    <Page
      title={`Submission ${submission.id.slice(0, 8)} of ${submission.repository}`}
      frame={frame}
      crumbs={listRepositoryCrumbs(submission.repository)}
      live={`/s/${submission.id}/live`}
    >
      <h1>{`Submission ${submission.id.slice(0, 8)}`}</h1>
      <Origin submission={submission} frame={frame} />
      <Runs view={view} />
      <Stages view={view} query={query} />
      <section>
        <h2 id="jobs-title">Jobs</h2>
        <JobFilter query={query} stages={view.stages.map(({ name }) => name)} />
        <details open>
          <summary>Timeline of attempts</summary>
          <div
            class="scroll tall"
            id="timeline"
            data-fragment
            tabindex={0}
            role="region"
            aria-label="Timeline of attempts"
          >
            <Timeline jobs={view.jobs} readAt={view.readAt} />
          </div>
        </details>
        <JobTable view={view} query={query} />
        <PageLinks view={view} query={query} />
      </section>
    </Page>
  );
}

function Runs({ view }: { readonly view: SubmissionPage }) {
  const { repository } = view.submission;
  return (
    <section>
      <h2>Runs</h2>
      <div class="scroll" id="runs" data-fragment tabindex={0} role="region" aria-label="Runs">
        <table class="verdicts">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">Verdict</th>
              <th scope="col">Jobs</th>
            </tr>
          </thead>
          <tbody>
            {view.runs.map(({ name, verdict, title, counts }) => (
              <tr>
                <th scope="row">
                  <a href={`/r/${repository}/runs/${encodeURIComponent(name)}`}>{name}</a>
                </th>
                <td>
                  <Standing state={verdict} said={title} />
                </td>
                <td>
                  <Counts counts={counts} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Stages({ view, query }: { readonly view: SubmissionPage; readonly query: JobQuery }) {
  const more = view.stageCount - view.stages.length;
  return (
    <section>
      <h2>Stages</h2>
      <div class="scroll tall" id="stages" data-fragment tabindex={0} role="region" aria-label="Graph of the stages">
        <StageGraph
          stages={view.stages}
          href={(stage) => `${renderJobQuery(query, { stage, state: "any", page: 1 })}#jobs-title`}
        />
      </div>
      {more > 0 ? <p>{`${more} more stages are not drawn.`}</p> : undefined}
      <div id="counts" data-fragment>
        <Counts
          counts={view.counts}
          href={(state) => `${renderJobQuery(query, { state, stage: "", page: 1 })}#jobs-title`}
        />
      </div>
    </section>
  );
}
