// What a person is told at the end of a pull. No I/O.
import type { LeftOut, PullPreview } from "@repx/core/sync";
import { renderBytes } from "@repx/core/model";
import type { IdRenderer } from "../short-ids.ts";
import { count, renderNumber } from "../count.ts";

/** How a pull ended, or what it would do. */
export interface PullEnd {
  readonly preview: PullPreview;
  /** On the wire; undefined when nothing was to be fetched but told. */
  readonly sentBytes: number | undefined;
  readonly jobs: number;
  readonly renderId: IdRenderer;
  /** As it was named. */
  readonly folder: string;
}

const MOST_SHOWN = 5;
const REMEDIES: readonly (readonly [reason: string, remedy: string])[] = [
  ["larger than the limit", "--max-file SIZE takes larger files, --max-file none all of them."],
  ["is in its way", "Move what stands there away, or name another folder with --to."],
  ["here its", "Name another folder with --to."],
  ["could not be read there", "See the permissions of those files on the target."],
];

/** Renders the end of a pull, a line each. */
export function renderPulled(end: PullEnd): string[] {
  const { preview, jobs, folder } = end;
  const skipped = preview.skippedFiles === 0 ? [] : [`${count(preview.skippedFiles, "file")} here already, unchanged`];
  const odd = preview.oddNames.length === 0 ? [] : [renderOdd(preview.oddNames)];
  const present = jobs - preview.missingJobs.length - preview.unreadyJobs.length;
  return [
    renderHead(end, present),
    ...skipped,
    ...renderLeftOut(preview.leftOut),
    ...odd,
    ...renderJobs(end),
    ...(present > 0 && end.sentBytes !== undefined ? [`Look at them with: repx list jobs --target ${folder}`] : []),
  ];
}

function renderHead({ preview, sentBytes, folder }: PullEnd, jobs: number): string {
  const what = `${count(preview.files, "file")} (${renderBytes(preview.bytes)})`;
  const whose = `of ${count(jobs, "job")}`;
  if (sentBytes === undefined) return `${what} ${whose} would come to ${folder}`;
  return `${what} ${whose} came to ${folder}, ${renderBytes(sentBytes)} on the wire`;
}

function renderLeftOut(leftOut: readonly LeftOut[]): string[] {
  return [...Map.groupBy(leftOut, ({ reason }) => reason)].flatMap(([reason, files]) => {
    const remedy = REMEDIES.find(([words]) => reason.includes(words))?.[1];
    const shown = files.map(({ path, sizeBytes }) => `${path} (${renderBytes(sizeBytes)})`);
    return [
      `left out, as ${reason}: ${count(files.length, "file")}`,
      ...listFirst(shown),
      ...(remedy === undefined ? [] : [`  ${remedy}`]),
    ];
  });
}

function renderOdd([first = "", ...others]: readonly string[]): string {
  const more = others.length === 0 ? "" : ` and ${renderNumber(others.length)} more`;
  return `with bytes in its name that do not show: ${first}${more}`;
}

function renderJobs({ preview: { missingJobs, unreadyJobs }, renderId }: PullEnd): string[] {
  return [
    ...(missingJobs.length === 0
      ? []
      : [`${count(missingJobs.length, "job")} left nothing there:`, ...listFirst(missingJobs.map(renderId))]),
    ...(unreadyJobs.length === 0
      ? []
      : [`passed over, as not succeeded: ${count(unreadyJobs.length, "job")}; name them to have what they left`]),
  ];
}

/** The first few, a line each, and how many more there are. */
function listFirst(texts: readonly string[]): string[] {
  const more = texts.length - MOST_SHOWN;
  const lines = texts.slice(0, MOST_SHOWN).map((text) => `  ${text}`);
  return more > 0 ? [...lines, `  and ${renderNumber(more)} more`] : lines;
}
