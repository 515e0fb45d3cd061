const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** Renders a size with three digits that count: `512 B`, `1.64 GB`, `52.4 MB`, `185 kB`. */
export function renderBytes(bytes: number): string {
  let [value, unit] = [Math.max(0, bytes), 0];
  // What would be rounded to 1000 is 1 of the next unit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ""}`;
}
