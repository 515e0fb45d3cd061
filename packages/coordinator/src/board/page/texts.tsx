import type { JobState } from "@repx/core/model";
import { listStates } from "../collect-stages.ts";
import type { Fact, StateCounts, SubmissionHead } from "../views.ts";
import type { Frame } from "./frame.tsx";

/** A mark beside each state's word, so that colour alone tells nothing. */
const MARKS: Readonly<Record<string, string>> = {
  queued: "○",
  running: "◐",
  succeeded: "✓",
  passed: "✓",
  reused: "↺",
  failed: "✗",
  resources: "▣",
  unknown: "?",
  timed_out: "◷",
  out_of_memory: "▣",
  cancelled: "⊘",
  skipped: "⇥",
  infrastructure: "⚡",
};

/** A state or a verdict in one word, with its mark and colour. */
export function Badge({ state }: { readonly state: string }) {
  return (
    <span class={`badge ${state}`}>
      <span aria-hidden="true">{MARKS[state] ?? "•"}</span> {describeState(state)}
    </span>
  );
}

/** How something stands: its badge, and what a sentence says beyond that word. */
export function Standing({ state, said }: { readonly state: string; readonly said: string }) {
  const word = describeState(state);
  const rest = said === word ? "" : said.startsWith(word) ? said.slice(word.length).replace(/^[:,] /, "") : said;
  return (
    <>
      <Badge state={state} />
      {rest === "" ? undefined : <span class="said"> {rest}</span>}
    </>
  );
}

/** A state's or a verdict's words. */
export function describeState(state: string): string {
  return state.replaceAll("_", " ");
}

/** A list of how many jobs are in which state; with `href`, each is a link. */
export function Counts(props: { readonly counts: StateCounts; readonly href?: (state: JobState) => string }) {
  return (
    <ul class="counts">
      {listStates(props.counts).map(([state, count]) => {
        const text = (
          <>
            <b>{count.toLocaleString("en")}</b> <Badge state={state} />
          </>
        );
        return <li>{props.href === undefined ? text : <a href={props.href(state)}>{text}</a>}</li>;
      })}
    </ul>
  );
}

/** A point in time to the second, in UTC. */
export function Time({ at }: { readonly at: string }) {
  return <time datetime={at}>{renderTime(at)}</time>;
}

/** `2026-11-29 08:53:00 UTC`. */
export function renderTime(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

/** A duration by its two largest units. */
export function Duration({ seconds }: { readonly seconds: number | undefined }) {
  return <>{seconds === undefined ? "" : renderDuration(seconds)}</>;
}

/** `2 h 5 min`, `12.3 s`. */
export function renderDuration(seconds: number): string {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A commit as a link to GitHub. */
export function Commit(props: { readonly frame: Frame; readonly repository: string; readonly sha: string }) {
  return (
    <a href={`${props.frame.github}/${props.repository}/commit/${props.sha}`}>
      <code>{props.sha.slice(0, 8)}</code>
    </a>
  );
}

/** A pull request as a link to GitHub. */
export function PullRequest(props: { readonly frame: Frame; readonly repository: string; readonly number: number }) {
  return <a href={`${props.frame.github}/${props.repository}/pull/${props.number}`}>{`#${props.number}`}</a>;
}

/** Where a submission comes from, in one line. */
export function Origin({ submission, frame }: { readonly submission: SubmissionHead; readonly frame: Frame }) {
  const { repository, pullRequest } = submission;
  return (
    <p class="origin">
      {pullRequest === undefined ? undefined : (
        <>
          pull request <PullRequest frame={frame} repository={repository} number={pullRequest} />,{" "}
        </>
      )}
      commit <Commit frame={frame} repository={repository} sha={submission.headSha} />, target{" "}
      <b>{submission.target}</b>, <Time at={submission.createdAt} />, <a href={submission.workflowUrl}>workflow run</a>,{" "}
      Lab <code>{submission.lab}</code>
    </p>
  );
}

/** Facts as a table of names and values. */
export function Facts({ facts, caption }: { readonly facts: readonly Fact[]; readonly caption: string }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={caption}>
      <table class="facts">
        <caption>{caption}</caption>
        <tbody>
          {facts.map(({ name, value }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>
                <code>{value}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
