import { RepxError } from "@repx/core/model";
import { TARGET_FLAGS, type Command, type CommandCall } from "../command.ts";
import { listDependencies } from "../list/dependencies.ts";
import { listGroups } from "../list/groups.ts";
import { listJobs } from "../list/jobs.ts";
import { listRuns } from "../list/runs.ts";
import { STATUSES } from "../status-look.ts";
import { openLab } from "../open-lab.ts";

/** What can be listed, with the flags that each has a use for. */
const SUBJECTS = {
  runs: [],
  jobs: ["stage", "status", "param", "output-paths", "group-by-stage", "target"],
  deps: [],
  groups: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Subject = keyof typeof SUBJECTS;

/** Lists what a Lab holds. */
export const LIST: Command = {
  name: "list",
  summary: "list the runs, jobs, dependencies or groups of a Lab",
  description:
    "`repx list runs NAME` is `repx list jobs NAME`. On a terminal a job's id is shown as its shortest beginning " +
    "that is unique in the Lab, which every command takes; elsewhere, and with --json, it is whole.",
  operands: [
    { name: "WHAT", summary: "what to list (default runs)", isOptional: true, choices: Object.keys(SUBJECTS) },
    {
      name: "NAME",
      summary: "a run, a @group, or the beginning of a run's name or of a job's id; all when not given",
      isOptional: true,
      kind: "run",
    },
  ],
  flags: {
    ...TARGET_FLAGS,
    stage: {
      short: "s",
      value: "TEXT",
      kind: "stage",
      summary: "jobs whose stage's name and version have TEXT in them",
    },
    status: {
      value: "STATUS",
      choices: STATUSES,
      isRepeatable: true,
      summary: "jobs of this status on the target",
    },
    param: {
      short: "p",
      value: "KEY[=VALUE]",
      isRepeatable: true,
      summary: "show this parameter alone, of the job or of what it depends on; with a value, the jobs that have it",
    },
    "output-paths": { summary: "show where each job's outputs lie on the target" },
    "group-by-stage": { short: "g", summary: "list the jobs stage by stage" },
  },
  examples: [
    "repx list",
    "repx list jobs simulation --stage percolation -p lattice_size -p seed=1",
    "repx list jobs @all --target /scratch/me/repx --status failed",
    "repx list deps analysis --lab lab.tar.zst",
    "repx list groups --json",
  ],
  run: runList,
};

async function runList(call: CommandCall): Promise<number> {
  const [what = "runs", name] = call.operands;
  const subject: Subject = what === "runs" && name !== undefined ? "jobs" : isSubject(what) ? what : "runs";
  refuseIdleFlags(call, subject);
  await using lab = await openLab(call);
  if (subject === "runs") return listRuns(lab, call);
  if (subject === "groups") return listGroups(lab, call, name);
  return subject === "jobs" ? listJobs(lab, call, name) : listDependencies(lab, call, name);
}

function isSubject(word: string): word is Subject {
  return Object.hasOwn(SUBJECTS, word);
}

/** A flag that changes nothing would leave its writer in a false belief. */
function refuseIdleFlags(call: CommandCall, subject: Subject): void {
  const used: readonly string[] = SUBJECTS[subject];
  const idle = SUBJECTS.jobs.find((flag) => call.isSet(flag) && !used.includes(flag));
  if (idle === undefined) return;
  throw new RepxError("INPUT_INVALID", `\`repx list ${subject}\` has no use for --${idle}`, {
    hint: `--${idle} is for jobs: \`repx list jobs --${idle} …\`.`,
  });
}
