import type { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { openSubmission, type Submission } from "./relay-run.ts";

/** What a relay told of one submission in which jobs end in every way that SLURM knows. */
export interface EndsRun {
  /** The relay's exit code, or its signal. */
  readonly exit: number | string;
  readonly log: string;
  readonly events: readonly JobEvent[];
  readonly slurmIds: ReadonlyMap<string, string>;
  readonly nodes: readonly string[];
  readonly hasCgroup: boolean;
  readonly eventsOf: (stage: string) => readonly JobEvent[];
  /** The last word on a stage's job. */
  readonly lastOf: (stage: string) => JobEvent | undefined;
}

/** A cluster of its own with this hook, or none, and all the ends on it; its processes are gone when this returns. */
export async function playEnds(folder: string, epilog: string | undefined): Promise<EndsRun> {
  const user = await ensureClusterUser();
  await using cluster = await startSlurmCluster({
    folder,
    user,
    nodes: 2,
    cpusPerNode: 16,
    ...(epilog !== undefined && { epilog }),
  });
  await using receiver = await startEventReceiver();
  const submission = await openSubmission(cluster, receiver, user, { parent: folder });
  await using relay = await submission.startRelay(
    epilog === undefined
      ? { REPX_MARKER_SECONDS: "5", REPX_SWEEP_SECONDS: "2" }
      : { REPX_MARKER_SECONDS: "5", REPX_SPOOL: cluster.doorbells },
  );
  const slurmIds = await submitAll(submission, cluster.nodes);
  const eventsOf = (stage: string) => receiver.events.filter((event) => isOf(stage, event));
  await makeThemEnd(cluster, receiver, slurmIds);
  await submission.finish();
  // A relay that does not end shows in the tests, with its log.
  const exit = await relay.waitForEnd(90).catch(() => "still running");
  const { nodes, hasCgroup } = cluster;
  const log = await submission.readLog();
  const lastOf = (stage: string) => eventsOf(stage).at(-1);
  return { exit, log, events: receiver.events, slurmIds, nodes, hasCgroup, eventsOf, lastOf };
}

/** A job's id is a hash of 32 characters, a dash, its stage and version. */
function isOf(stage: string, event: JobEvent): boolean {
  return event.job.slice(33) === `${stage}-1.0`;
}

const ONCE_LONG = `[ "\${SLURM_RESTART_COUNT:-0}" = 0 ] && { sleep 300 & wait; }; exit 0`;

/** One job each: what it is called, what it does, what sbatch is told. */
const SINGLE: readonly (readonly [stage: string, script: string, options?: readonly string[]])[] = [
  ["completed", `echo fine; echo '{"pi": 3.14}' >"$1/metrics.json"`],
  ["failed", `printf 'caf\\303\\251 \\377 "q" \\001\\t\\\\ \\000end\\n' >&2; exit 3`],
  ["chatty", `i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo "line $i"; done; exit 1`],
  ["crashed", "kill -SEGV $$; sleep 5"],
  // The batch shell itself: no trap, no record, no bell.
  ["shell-killed", "kill -KILL $PPID; sleep 5"],
  ["says-143", "exit 143"],
  ["step-failed", `srun -n1 sh -c "exit 9"; exit 0`],
  ["left-over", "setsid sleep 300 & exit 0"],
  ["no-output-file", "exit 0", ["--output=/nonexistent/x"]],
  ["running", "sleep 300 & wait"],
  ["moved", "exit 0", ["--hold"]],
  ["pending", "true", ["--hold"]],
  ["pending-array", "true", ["--hold"]],
  ["late", "sleep 300 & wait", ["--time=5"]],
  ["memory", "head -c 200000000 /dev/zero | tail >/dev/null", ["--mem=40M"]],
  ["requeued", ONCE_LONG, ["--requeue"]],
];

async function submitAll(submission: Submission, nodes: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const [node = "", other = ""] = nodes;
  const ids = new Map<string, string>();
  const submit = async (stage: string, script: string, options: readonly string[], program = "") => {
    const { slurmId } = await submission.submit([{ stage, script }], options, program);
    ids.set(stage, `${slurmId}_1`);
  };
  for (const [stage, script, options = []] of SINGLE) await submit(stage, script, ["-w", node, ...options]);
  await submit("markerless", "exit 0", ["-w", node], "true");
  await submit("nodefail", "sleep 300 & wait", ["-w", other, "--no-requeue"]);
  await submit("nodefail-again", ONCE_LONG, ["-w", other, "--requeue"]);
  // Not on the node that will be lost: SLURM would requeue them.
  const pair = async (names: readonly [string, string], scripts: readonly [string, string], options: string[]) => {
    const jobs = names.map((stage, k) => ({ stage, script: scripts[k] ?? "" }));
    const { slurmId } = await submission.submit(jobs, ["-w", node, ...options]);
    for (const [k, name] of names.entries()) ids.set(name, `${slurmId}_${k + 1}`);
    return slurmId;
  };
  const first = await pair(["first", "second"], ["exit 0", "exit 1"], []);
  await pair(["after-first", "after-second"], ["exit 0", "exit 0"], [`--dependency=aftercorr:${first}`]);
  await submit("never", "exit 0", [`--dependency=afterok:${first}`]);
  await submit("after-late", "exit 0", ["-w", node, `--dependency=afterok:${ids.get("late")}`]);
  return ids;
}

async function makeThemEnd(
  cluster: SlurmCluster,
  receiver: EventReceiver,
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const waitForEvent = async (what: string, stages: readonly string[], state: string) =>
    waitUntil({ what, timeoutSeconds: 40 }, async () =>
      stages.every((stage) => receiver.events.some((event) => isOf(stage, event) && event.state === state)),
    );
  const id = (stage: string) => ids.get(stage) ?? "";
  const long = ["running", "late", "requeued", "nodefail", "nodefail-again"];
  await waitForEvent("the long jobs to be reported as running", long, "RUNNING");
  await cluster.run(["scontrol", "update", `jobid=${id("moved")}`, "partition=short"]);
  await cluster.run(["scontrol", "release", id("moved")]);
  await cluster.run(["scancel", id("running")]);
  await cluster.run(["scancel", id("pending")]);
  await cluster.run(["scancel", id("pending-array").replace("_1", "")]);
  await cluster.run(["scontrol", "requeue", id("requeued")]);
  // SLURM refuses it at times while the job is in its first second.
  const setEnd = async () => cluster.run(["scontrol", "update", `jobid=${id("late")}`, "endtime=now"]);
  await waitUntil({ what: "SLURM to take the new end", timeoutSeconds: 10, intervalMs: 500 }, async () =>
    setEnd().catch(() => undefined),
  );
  await cluster.setNodeState(cluster.nodes[1] ?? "", "down");
  await waitForEvent("the lost job to wait again", ["nodefail-again"], "REQUEUED");
  await cluster.setNodeState(cluster.nodes[1] ?? "", "resume");
}
