// How the relay reads one squeue, in every awk: what waits for which reason, and what ended jobs were given.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { QueueLine } from "../../packages/core/src/model/protocol.ts";
import { runCommand } from "../harness/command.ts";
import { REPOSITORY_ROOT } from "../harness/repository-root.ts";
import { makeTraversableFolder } from "../harness/traversable-folder.ts";

const FOLDER = "/tmp/repx-queue-picture";
const PROGRAMS = join(REPOSITORY_ROOT, "packages/core/target");
const AWKS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["mawk", ["mawk"]],
  ["gawk", ["gawk"]],
  ["busybox awk", ["/bin/busybox", "awk"]],
];
const WIDTHS = [32, 20, 12, 12, 24, 24, 20, 100, 100, 64];
const NOW = "2026-03-01T10:00:00";

interface Row {
  readonly state?: string;
  readonly reason?: string;
  readonly start?: string;
  readonly given?: string;
  readonly node?: string;
}

beforeEach(async () => {
  await rm(FOLDER, { recursive: true, force: true });
  await makeTraversableFolder(FOLDER);
});
afterAll(async () => rm(FOLDER, { recursive: true, force: true }));

/** One look at these rows of a submission, and one row that is another's. */
async function look(awk: readonly string[], rows: readonly Row[]) {
  const lines = rows.map(({ state = "PENDING", reason = "None", start = "N/A", given = "", node = "n/a" }, k) => {
    const cells = [`7_${k + 1}`, state, "0", "0", start, NOW, "0:01", node, reason, given];
    return `${cells.map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0).slice(0, WIDTHS[at])).join("")}\n`;
  });
  const stranger = lines[0]?.replace("7_1 ", "8_1 ") ?? "";
  const jobs = rows.map((_, k) => `7_${k + 1}\t${"0".repeat(32)}-job${k}-1.0\n`);
  await writeFile(join(FOLDER, "rows"), jobs.join(""));
  await writeFile(join(FOLDER, "queue"), `${lines.join("")}${stranger}`);
  const files = ["json", "tasks", "given", "waiting", "observe"].flatMap((name) => ["-f", `${PROGRAMS}/${name}.awk`]);
  const values = [
    "now=0",
    `seen_at=${NOW}Z`,
    "late=1",
    "lost=1",
    "marker=1",
    `work=${FOLDER}`,
    "sends=",
    "tells_pending=",
  ];
  const options = values.flatMap((value) => ["-v", value]);
  const parts = ["part=jobs", join(FOLDER, "rows"), "part=queue", join(FOLDER, "queue")];
  await runCommand([...awk, ...files, ...options, ...parts], { environment: { LC_ALL: "C" } });
  const [picture = "", json = ""] = (await readFile(join(FOLDER, "waiting"), "utf8")).split("\n");
  const ends = (await readFile(join(FOLDER, "ends"), "utf8")).split("\n").filter((line) => line !== "");
  return { picture, queue: z.array(QueueLine).max(50).parse(JSON.parse(json)), ends };
}

function repeat(count: number, row: Row): Row[] {
  return Array.from({ length: count }, () => row);
}

describe.each(AWKS)("%s", (_, awk) => {
  test("what waits is counted by reason, most first, with the earliest start that is to come", async () => {
    const { picture, queue } = await look(awk, [
      ...repeat(2, { reason: "Resources", start: "2026-03-01T12:00:00" }),
      ...repeat(3, { reason: "Priority", start: "2026-03-02T09:00:00" }),
      { reason: "Priority", start: "2026-03-01T13:00:00" },
      { reason: "BeginTime", start: "2026-03-01T09:59:59" },
      { reason: "None" },
      { reason: "None", state: "CONFIGURING" },
      { reason: "None", state: "RUNNING", node: "n1" },
      { reason: "None", state: "COMPLETED", node: "n1" },
    ]);
    expect(queue).toEqual([
      { reason: "Priority", jobs: 4, startsAt: "2026-03-01T13:00:00Z" },
      { reason: "Resources", jobs: 2, startsAt: "2026-03-01T12:00:00Z" },
      { reason: "BeginTime", jobs: 1 },
      { reason: "CONFIGURING", jobs: 1 },
      { reason: "None", jobs: 1 },
    ]);
    expect(picture).toBe("Priority=4;Resources=2;BeginTime=1;CONFIGURING=1;None=1;");
  });

  test("a reason has plain characters alone, and at most 100 of them", async () => {
    const { queue } = await look(awk, [
      { reason: "ReqNodeNotAvail, UnavailableNodes:n[1-3],x" },
      { reason: 'a"b\\c`d<e>é' },
      {
        reason: "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions_and_more",
      },
    ]);
    expect(queue.map(({ reason }) => reason)).toEqual([
      "Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_partitions_and_more".slice(
        0,
        100,
      ),
      "ReqNodeNotAvail, UnavailableNodes:n_1-3_,x",
      "a_b_c_d_e___",
    ]);
  });

  test("of more than 50 reasons the rarest are one line", async () => {
    const rows = Array.from({ length: 70 }, (_none, k) => repeat(k < 5 ? 9 - k : 1, { reason: `Reason${k + 100}` }));
    const { queue } = await look(awk, rows.flat());
    expect(queue).toHaveLength(50);
    expect(queue[0]).toEqual({ reason: "Reason100", jobs: 9 });
    expect(queue.at(-1)).toEqual({ reason: "other", jobs: 21 });
    expect(queue.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(rows.flat().length);
  });

  test.each([
    ["cpu=2,mem=200M,node=1,billing=2", '"cpus":2,"nodes":1,"memoryMebibytes":200'],
    ["cpu=4,mem=1.50G,node=2,billing=4,gres/gpu=2", '"cpus":4,"nodes":2,"memoryMebibytes":768'],
    ["cpu=1,mem=1T,node=3", '"cpus":1,"nodes":3,"memoryMebibytes":349525.3'],
    ["billing=1,cpu=1,mem=512K,node=1", '"cpus":1,"nodes":1,"memoryMebibytes":0.5'],
    // Without memory among what SLURM keeps, and as an older squeue leaves the column out.
    ["cpu=1,node=1,billing=1", '"cpus":1,"nodes":1'],
    ["cpu=0,mem=0,node=0", ""],
    ["", ""],
    ["cpu=x,mem=-1M,node=1e9,fs/x=1", ""],
    // Longer than its column: the last is cut.
    [`cpu=1,mem=100M,license/${"x".repeat(40)},node=12345`, '"cpus":1'],
  ])("%s was given as %s", async (given, told) => {
    const { ends } = await look(awk, [{ state: "COMPLETED", node: "n1", given }]);
    expect(ends).toHaveLength(1);
    const rest = /"elapsedSeconds":1,?(.*)$/.exec(ends[0] ?? "")?.[1];
    expect(rest).toBe(told);
  });
});
