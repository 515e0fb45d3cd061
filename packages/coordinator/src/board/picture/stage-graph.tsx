import { listStates } from "../collect-stages.ts";
import { describeState } from "../page/texts.tsx";
import type { StageNode } from "../views.ts";
import { BOX, placeStages, type PlacedStage } from "./place-stages.ts";

const MAX_TITLE = 24;
const PAD = 10;

/** The graph of a submission's stages; each box is a link to the jobs of its stage. */
export function StageGraph(props: { readonly stages: readonly StageNode[]; readonly href: (stage: string) => string }) {
  const { boxes, arrows, width, height } = placeStages(props.stages);
  return (
    <svg
      class="graph"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="group"
      aria-label="Stages"
    >
      {arrows.map(({ from, to }) => (
        <path class="arrow" d={renderArrow(from, to)} />
      ))}
      {boxes.map((box) => (
        <Box box={box} href={props.href(box.stage.name)} />
      ))}
    </svg>
  );
}

function Box({ box, href }: { readonly box: PlacedStage; readonly href: string }) {
  const { stage, x, y } = box;
  const { name } = stage;
  return (
    <a href={href}>
      <title>{describeStage(stage)}</title>
      <rect class="box" x={x} y={y} width={BOX.width} height={BOX.height} rx={6} />
      <text class="title" x={x + PAD} y={y + 21}>
        {name.length > MAX_TITLE ? `${name.slice(0, MAX_TITLE - 1)}…` : name}
      </text>
      <text class="small" x={x + PAD} y={y + 38}>
        {describeProgress(stage)}
      </text>
      {listBars(box).map(({ state, left, width }) => (
        <rect class={`bar ${state}`} x={left} y={y + 46} width={width} height={7} />
      ))}
    </a>
  );
}

function listBars({ stage, x }: PlacedStage): { state: string; left: number; width: number }[] {
  let left = x + PAD;
  return listStates(stage.counts).map(([state, count]) => {
    const width = Number((((BOX.width - 2 * PAD) * count) / stage.total).toFixed(2));
    const bar = { state, left: Number(left.toFixed(2)), width };
    left += width;
    return bar;
  });
}

/** As much as a box has room for: how many jobs, and what went wrong or is under way. */
function describeProgress({ counts, total }: StageNode): string {
  const { failed = 0, running = 0, queued = 0, succeeded = 0, reused = 0 } = counts;
  const jobs = `${total.toLocaleString("en")} ${total === 1 ? "job" : "jobs"}`;
  const done = succeeded + reused;
  const trouble = total - done - running - queued;
  if (trouble > 0 && trouble === failed) return `${jobs}, ${failed.toLocaleString("en")} failed`;
  if (trouble > 0) return `${jobs}, ${trouble.toLocaleString("en")} in trouble`;
  if (running > 0) return `${jobs}, ${running.toLocaleString("en")} running`;
  if (done === 0) return `${jobs}, waiting`;
  return done === total ? `${jobs}, all done` : `${jobs}, ${done.toLocaleString("en")} done`;
}

function describeStage({ name, counts }: StageNode): string {
  const states = listStates(counts).map(([state, count]) => `${count.toLocaleString("en")} ${describeState(state)}`);
  return `${name}: ${states.join(", ")}`;
}

function renderArrow(from: PlacedStage, to: PlacedStage): string {
  const [startX, startY] = [from.x + BOX.width, from.y + BOX.height / 2];
  const [endX, endY] = [to.x, to.y + BOX.height / 2];
  const bend = Math.max(BOX.gapX / 2, Math.abs(endX - startX) / 2);
  return `M${startX} ${startY}C${startX + bend} ${startY} ${endX - bend} ${endY} ${endX} ${endY}l-7-4m7 4l-7 4`;
}
