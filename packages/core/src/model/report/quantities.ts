// Sizes, durations and times as reports show them.

/** Renders MiB as people say it: `80 MiB`, `7.9 GiB`, `16 GiB`. */
export function renderMebibytes(mebibytes: number): string {
  const [amount, unit] =
    mebibytes < 1024
      ? [mebibytes, "MiB"]
      : mebibytes < 1024 ** 2
        ? [mebibytes / 1024, "GiB"]
        : [mebibytes / 1024 ** 2, "TiB"];
  // Not rounded up to a limit that was not reached.
  const digits = amount >= 100 ? 1 : 10;
  return `${Math.floor(amount * digits) / digits} ${unit}`;
}

/** Renders a duration by its two largest units: `45 s`, `12 min 5 s`, `2 h`, `3 d 4 h`. */
export function renderSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return "0 s";
  const shown = parts.slice(first, first + 2).filter(([amount]) => amount > 0);
  return shown.map(([amount, unit]) => `${amount} ${unit}`).join(" ");
}

/** Renders a time (ISO 8601 in UTC) to the minute; without its day where that is the day of `near`. */
export function renderTime(at: string, near?: string): string {
  const [day = "", clock = ""] = at.slice(0, 16).split("T");
  return near?.startsWith(day) === true ? `${clock} UTC` : `${day} ${clock} UTC`;
}

/** Renders hours of work with three digits at most: `0.02`, `3.4`, `1250`. */
export function renderHours(seconds: number): string {
  const hours = seconds / 3600;
  return hours >= 100 ? String(Math.round(hours)) : String(Number(hours.toPrecision(2)));
}

/** Renders a count with its noun. */
export function renderCount(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}
