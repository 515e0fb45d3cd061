import { isFinal } from "@repx/core/model";
import { describeState, renderDuration, renderTime } from "../page/texts.tsx";
import type { AttemptLine, JobLine } from "../views.ts";

const WIDTH = 1200;
const LABEL = 230;
const ROW = 16;
const AXIS = 22;
const MAX_LABEL = 34;

interface Bar {
  readonly attempt: AttemptLine;
  readonly startMs: number;
  readonly endMs: number;
}

/** When the attempts of the jobs ran, one line a job; nothing when none has begun. */
export function Timeline({ jobs, readAt }: { readonly jobs: readonly JobLine[]; readonly readAt: string }) {
  const lines = jobs.flatMap((job) => {
    const bars = job.attempts.flatMap((attempt) => readBar(attempt, readAt));
    return bars.length === 0 ? [] : [{ job, bars }];
  });
  if (lines.length === 0) return <p class="empty">None of these jobs has begun.</p>;
  const all = lines.flatMap(({ bars }) => bars);
  const start = all.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
  const end = all.reduce((most, { endMs }) => Math.max(most, endMs), start + 1000);
  const scale = (ms: number): number => Number((LABEL + ((ms - start) / (end - start)) * (WIDTH - LABEL)).toFixed(1));
  const height = AXIS + lines.length * ROW;
  const span = `${renderTime(new Date(start).toISOString())}, ${renderDuration((end - start) / 1000)}`;
  return (
    <svg
      class="timeline"
      width={WIDTH}
      height={height}
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label={`${lines.length === 1 ? "1 job" : `${lines.length} jobs`} from ${span} on`}
    >
      <text class="small" x={LABEL} y={14}>
        {renderTime(new Date(start).toISOString())}
      </text>
      <text class="small end" x={WIDTH} y={14}>
        {`+ ${renderDuration((end - start) / 1000)}`}
      </text>
      {lines.map(({ job, bars }, index) => (
        <Line job={job} bars={bars} y={AXIS + index * ROW} scale={scale} />
      ))}
    </svg>
  );
}

function Line(props: {
  readonly job: JobLine;
  readonly bars: readonly Bar[];
  readonly y: number;
  readonly scale: (ms: number) => number;
}) {
  const { job, bars, y, scale } = props;
  const label = `${job.id.slice(0, 8)} ${job.parameters === "" ? job.stage : job.parameters}`;
  return (
    <>
      <text class="small" x={0} y={y + 11}>
        {label.length > MAX_LABEL ? `${label.slice(0, MAX_LABEL - 1)}…` : label}
      </text>
      {bars.map(({ attempt, startMs, endMs }) => (
        <rect
          class={`bar ${attempt.state}`}
          x={scale(startMs)}
          y={y + 2}
          width={Math.max(2, Number((scale(endMs) - scale(startMs)).toFixed(1)))}
          height={ROW - 5}
        >
          <title>{describeBar(attempt, startMs, endMs)}</title>
        </rect>
      ))}
    </>
  );
}

function describeBar({ attempt, state, node }: AttemptLine, startMs: number, endMs: number): string {
  const where = node === undefined ? "" : ` on ${node}`;
  return `attempt ${attempt}, ${describeState(state)}${where}, ${renderDuration((endMs - startMs) / 1000)}`;
}

/** A running attempt lasts until now; one that ended without a word on how long it took is a mark where it began. */
function readBar(attempt: AttemptLine, readAt: string): Bar[] {
  if (attempt.startedAt === undefined) return [];
  const startMs = Date.parse(attempt.startedAt);
  const elapsed = attempt.elapsedSeconds === undefined ? undefined : startMs + attempt.elapsedSeconds * 1000;
  const endMs = elapsed ?? (isFinal(attempt.state) ? startMs : Date.parse(readAt));
  return [{ attempt, startMs, endMs: Math.max(startMs, endMs) }];
}
