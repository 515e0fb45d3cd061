/** Writes one line of the log: ids and figures, never a token and never a body. */
export function writeLog(kind: string, fields: Readonly<Record<string, string | number | boolean | undefined>>): void {
  // oxlint-disable-next-line no-console -- the console is the Worker's log
  console.log(JSON.stringify({ kind, ...fields }));
}

/** Says for the log what was thrown. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
