const WIDTH = 160;
const HEIGHT = 32;
const PAD = 4;

/** A row of numbers, the oldest first, as a small line; `undefined` leaves a gap. `label` says it in words. */
export function Sparkline({
  values,
  label,
}: {
  readonly values: readonly (number | undefined)[];
  readonly label: string;
}) {
  const known = values.filter((value) => value !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const points = values.flatMap((value, index) => {
    if (value === undefined) return [];
    const x = PAD + (values.length === 1 ? 0.5 : index / (values.length - 1)) * (WIDTH - 2 * PAD);
    const y = most === least ? HEIGHT / 2 : PAD + ((most - value) / (most - least)) * (HEIGHT - 2 * PAD);
    return [{ x: Number(x.toFixed(1)), y: Number(y.toFixed(1)) }];
  });
  const last = points.at(-1);
  return (
    <svg
      class="sparkline"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <polyline points={points.map(({ x, y }) => `${x},${y}`).join(" ")} />
      {last === undefined ? undefined : <circle cx={last.x} cy={last.y} r={3} />}
    </svg>
  );
}
