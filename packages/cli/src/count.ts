/** `1 job`, `2 jobs`, `10,000 jobs`. */
export function count(total: number, noun: string): string {
  return `${renderNumber(total)} ${noun}${total === 1 ? "" : "s"}`;
}

/** Renders a number with commas. */
export function renderNumber(value: number): string {
  return value.toLocaleString("en-US");
}
