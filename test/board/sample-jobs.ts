// A study as the board shows it: one job prepares, many walk, each is fitted, one job reports on all.

/** A job as it is registered. */
export interface SampleJob {
  readonly id: string;
  readonly stage: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
  readonly isReused: boolean;
}

const PREPARE = makeId(0, "prepare-1.0");

function makeId(nth: number, stage: string): string {
  return `${String(nth).padStart(8, "0")}${"0".repeat(24)}-${stage}`;
}

/** The id of the nth walk. */
export function walkId(nth: number): string {
  return makeId(nth, "percolation-1.0");
}

/** The id of the fit of the nth walk. */
export function fitId(nth: number): string {
  return makeId(nth, "fit-2.1");
}

function makeJob(id: string, stage: string, parameters: object, dependsOn: readonly string[]): SampleJob {
  return { id, stage, parameters: { ...parameters }, dependsOn, isReused: stage === "prepare-1.0" };
}

/** Lists a study of `2 * walks + 2` jobs. */
export function listStudy(walks: number): SampleJob[] {
  const nths = Array.from({ length: walks }, (_, index) => index + 1);
  const seeds = (nth: number) => ({ lattice_size: 16 * ((nth % 8) + 1), probability: nth / walks, seed: nth });
  return [
    makeJob(PREPARE, "prepare-1.0", {}, []),
    ...nths.map((nth) => makeJob(walkId(nth), "percolation-1.0", seeds(nth), [PREPARE])),
    ...nths.map((nth) => makeJob(fitId(nth), "fit-2.1", { seed: nth, model: "two words" }, [walkId(nth)])),
    makeJob(makeId(9, "report-1.0"), "report-1.0", {}, nths.map(fitId)),
  ];
}

const FIRST_START = Date.now() - 3_600_000;

/** When the nth walk begins: all within 50 minutes. */
function startOf(nth: number, walks: number): number {
  return FIRST_START + Math.round((nth / walks) * 3_000_000);
}

function renderTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** The events of the nth walk: most succeed, some fail in each way, the last ones run or wait. */
export function listEvents(nth: number, walks: number): object[] {
  if (nth > walks * 0.9) return [];
  const job = { job: walkId(nth), attempt: 1, slurmId: `4711_${nth}`, node: `n${nth % 4}` };
  const begun = { ...job, id: `${nth}.1.RUNNING`, state: "RUNNING", at: renderTime(startOf(nth, walks)) };
  if (nth > walks * 0.8) return [begun];
  const elapsedSeconds = 40 + ((nth * 37) % 120);
  const ended = { ...job, at: renderTime(startOf(nth, walks) + elapsedSeconds * 1000), elapsedSeconds };
  const end = nth % 7 === 0 ? (FAILURES[(nth / 7) % FAILURES.length] ?? {}) : renderSuccess(nth);
  return [begun, { ...ended, id: `${nth}.1.END`, ...end }];
}

const FAILURES: readonly object[] = [
  { state: "FAILED", exitCode: 3, reason: "NonZeroExitCode", logTail: "reading grid.txt\nno such file: grid.txt\n" },
  { state: "OUT_OF_MEMORY", exitCode: 0, signal: 125, logTail: "slurmstepd: error: Detected 1 oom_kill event\n" },
  { state: "TIMEOUT", logTail: "step 1200 of 5000\n" },
  { state: "NODE_FAIL", reason: "NodeFail" },
  { state: "CANCELLED", reason: "CancelledBy:1000" },
];

function renderSuccess(nth: number): object {
  const metricsText = JSON.stringify({
    threshold: { value: 0.5927 + (nth % 5) / 1000, error: 0.0021 },
    steps: 5000 + nth,
    speed: { value: 12.5, unit: "steps/s" },
  });
  return { state: "COMPLETED", marker: "SUCCESS", exitCode: 0, metricsText };
}
