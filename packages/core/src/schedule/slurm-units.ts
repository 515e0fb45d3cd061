// SLURM's own words for times and sizes, as sbatch(1) has them. Pure. Undefined for what SLURM would not understand.

const UNLIMITED = new Set(["UNLIMITED", "INFINITE"]);

/**
 * Parses a time limit into whole minutes, rounded up as SLURM does: `minutes`, `minutes:seconds`, `hours:minutes:seconds`,
 * `days-hours`, `days-hours:minutes`, `days-hours:minutes:seconds`. Infinity for no limit, which 0 asks for too.
 */
export function parseTimeLimit(text: string): number | undefined {
  if (UNLIMITED.has(text.toUpperCase())) return Infinity;
  const { days, clock = "" } =
    /^(?:(?<days>[0-9]{1,6})-)?(?<clock>(?:[0-9]{1,9}(?::[0-9]{1,9}){0,2})?)$/.exec(text)?.groups ?? {};
  if (days === undefined && clock === "") return undefined;
  const [first = 0, second = 0, third = 0] = clock.split(":").map(Number);
  const parts = clock.split(":").length;
  const seconds =
    days !== undefined
      ? ((Number(days) * 24 + first) * 60 + second) * 60 + third
      : parts === 3
        ? (first * 60 + second) * 60 + third
        : first * 60 + second;
  return seconds === 0 ? Infinity : Math.ceil(seconds / 60);
}

/** Renders minutes as SLURM shows a limit: `2-03:00:00`. */
export function renderTimeLimit(minutes: number): string {
  if (minutes === Infinity) return "UNLIMITED";
  const days = Math.floor(minutes / (24 * 60));
  const clock = `${renderTwoDigits(Math.floor(minutes / 60) % 24)}:${renderTwoDigits(minutes % 60)}:00`;
  return days === 0 ? clock : `${days}-${clock}`;
}

function renderTwoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

const MEBIBYTES: Readonly<Record<string, number>> = { K: 1 / 1024, M: 1, G: 1024, T: 1024 ** 2, P: 1024 ** 3 };

/** Parses a size of memory into MiB, SLURM's unit where none is given: `4G`, `500`. Rounded up. */
export function parseMemory(text: string): number | undefined {
  const { amount, unit } = /^(?<amount>[0-9]{1,15})(?:(?<unit>[KMGTP])B?)?$/i.exec(text)?.groups ?? {};
  if (amount === undefined) return undefined;
  return Math.ceil(Number(amount) * (MEBIBYTES[(unit ?? "M").toUpperCase()] ?? 1));
}

/** Renders MiB in the largest unit that leaves no fraction: `4G`. */
export function renderMemory(mebibytes: number): string {
  for (const unit of ["P", "T", "G"]) {
    const size = MEBIBYTES[unit] ?? 1;
    if (mebibytes > 0 && mebibytes % size === 0) return `${mebibytes / size}${unit}`;
  }
  return `${mebibytes}M`;
}
