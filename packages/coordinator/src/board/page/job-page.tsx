import { renderBytes } from "@repx/core/model";
import { renderJobQuery, NO_QUERY } from "../job-query.ts";
import type { AttemptLine, JobLink, JobPage } from "../views.ts";
import { listSubmissionCrumbs, Page, type Frame } from "./frame.tsx";
import { Badge, Duration, Facts, Origin, Standing, Time } from "./texts.tsx";

/** `/s/<id>/jobs/<job>`: all that is recorded of one job. */
export function JobView({ view, frame }: { readonly view: JobPage; readonly frame: Frame }) {
  const { submission } = view;
  const others = `/s/${submission.id}${renderJobQuery(NO_QUERY, { stage: view.stage })}#jobs-title`;
  return (
    <Page
      title={`${view.stage} ${view.id.slice(0, 8)}`}
      frame={frame}
      crumbs={listSubmissionCrumbs(submission)}
      live={`/s/${submission.id}/live`}
    >
      <h1>
        {view.stage} <code>{view.id.slice(0, 8)}</code>
      </h1>
      <div id="state" data-fragment>
        <p>
          <Standing state={view.state} said={view.end} />
        </p>
      </div>
      <p>
        Job <code>{view.id}</code>
        {view.runs.length === 0 ? "" : ` of ${view.runs.join(", ")}`}; <a href={others}>all jobs of this stage</a>
      </p>
      <Origin submission={submission} frame={frame} />
      {view.parameters.length === 0 ? undefined : <Facts facts={view.parameters} caption="Parameters" />}
      <div id="record" data-fragment>
        <Facts facts={view.facts} caption="Record" />
        {view.attempts.length === 0 ? undefined : <Attempts attempts={view.attempts} />}
        <Metrics view={view} />
        <Files view={view} />
        <Log view={view} />
        <Links title="Needs" links={view.inputs} count={view.inputCount} submission={submission.id} />
        <Links title="Needed by" links={view.dependants} count={view.dependantCount} submission={submission.id} />
      </div>
    </Page>
  );
}

function Attempts({ attempts }: { readonly attempts: readonly AttemptLine[] }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Attempts">
      <table>
        <caption>Attempts</caption>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">State</th>
            <th scope="col">Reason</th>
            <th scope="col">Node</th>
            <th scope="col">Started</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((one) => (
            <tr>
              <th scope="row">{one.attempt}</th>
              <td>
                <Badge state={one.state} />
              </td>
              <td>{one.reason}</td>
              <td>{one.node}</td>
              <td>{one.startedAt === undefined ? undefined : <Time at={one.startedAt} />}</td>
              <td class="number">
                <Duration seconds={one.elapsedSeconds} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Metrics({ view: { metrics } }: { readonly view: JobPage }) {
  if (metrics === undefined) return <></>;
  if (!metrics.isReadable) return <p>metrics.json is not an object of numbers.</p>;
  return <Facts facts={metrics.values} caption="Metrics" />;
}

function Files({ view: { files } }: { readonly view: JobPage }) {
  if (files.length === 0) return <></>;
  return (
    <section>
      <h2>Files</h2>
      <ul class="files">
        {files.map(({ path, sizeBytes, figure }) => (
          <li>
            <code>{path}</code> {renderBytes(sizeBytes)}
            {figure === undefined ? undefined : (
              <a href={figure}>
                <img src={figure} alt={path} loading="lazy" />
              </a>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Log({ view: { logTail } }: { readonly view: JobPage }) {
  if (logTail === undefined || logTail === "") return <></>;
  return (
    <section>
      <h2>Last lines of the log</h2>
      <pre tabindex={0}>{logTail}</pre>
    </section>
  );
}

function Links(props: {
  readonly title: string;
  readonly links: readonly JobLink[];
  readonly count: number;
  readonly submission: string;
}) {
  if (props.count === 0) return <></>;
  const more = props.count - props.links.length;
  return (
    <section>
      <h2>{`${props.title} ${props.count === 1 ? "one job" : `${props.count.toLocaleString("en")} jobs`}`}</h2>
      <ul class="links">
        {props.links.map(({ id, stage, state }) => (
          <li>
            <Badge state={state} />{" "}
            <a href={`/s/${props.submission}/jobs/${id}`}>
              {stage} <code>{id.slice(0, 8)}</code>
            </a>
          </li>
        ))}
        {more > 0 ? <li>{`and ${more.toLocaleString("en")} more`}</li> : undefined}
      </ul>
    </section>
  );
}
