// The one place in the Action that knows which words of a verdict let a workflow pass.

/** Nobody's fault who wrote the experiment: what an advisory run is forgiven. */
const FORGIVEN: ReadonlySet<string> = new Set(["infrastructure", "unknown"]);

/** Tells whether every job of a run has succeeded. */
export function hasPassed({ verdict }: { readonly verdict: string }): boolean {
  return verdict === "passed";
}

/** Tells whether a run fails the workflow that waited for it. */
export function isBlocking(
  run: { readonly name: string; readonly verdict: string },
  advisory: readonly string[],
): boolean {
  return !hasPassed(run) && !(advisory.includes(run.name) && FORGIVEN.has(run.verdict));
}
