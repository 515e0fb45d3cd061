// `repx debug-run`: a shell where a job runs, over real sshd, on a node of a real SLURM.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { waitUntil } from "../harness/wait-until.ts";
import { GENERATE_1, SUM, startSlurmStand, type SlurmStand } from "./slurm-stand.ts";

let stand: SlurmStand;
let submission: string;

beforeAll(async () => {
  stand = await startSlurmStand("debug-run");
  const lab = await stand.writeLab({ generate1: 'echo "ran with $2"; echo 7 >"$1/numbers.txt"' });
  const { stdout } = await stand.repx("run", "--lab", lab, "simulation", "--wait", "--json");
  submission = z.object({ submission: z.string() }).parse(JSON.parse(stdout)).submission;
});
afterAll(async () => stand?.[Symbol.asyncDispose]());

const readPlace = async (name: string): Promise<string[]> =>
  readdir(join(stand.submissions, submission, "debug", name)).catch(() => []);

test("a command runs on a node, in an empty folder of its own, and its exit status is the answer", async () => {
  const words = ["debug-run", GENERATE_1.slice(0, 8), "-c", "ls; pwd; echo on $SLURMD_NODENAME; echo oh >&2; exit 3"];
  const ran = await stand.repx(...words);
  const out = join(stand.submissions, submission, "debug", `${GENERATE_1}.1/out`);
  expect(ran).toMatchObject({ exitCode: 3, stdout: `${out}\non ${stand.cluster.nodes[0]}\n` });
  expect(ran.stderr).toMatch(/^oh$/m);
});

test("`../repx/run` is the job's program with what the job is given, and leaves the job's own outputs alone", async () => {
  const before = await readFile(join(stand.basePath, "outputs", GENERATE_1, "repx/job.json"), "utf8");
  const ran = await stand.repx("debug-run", GENERATE_1, "-c", "../repx/run && cat numbers.txt", "--json");
  const { stdout, ...told } = z.record(z.string(), z.unknown()).parse(JSON.parse(ran.stdout));
  expect(told).toEqual({ id: GENERATE_1, submission, exitCode: 0, stderr: "" });
  expect(stdout).toMatch(/^ran with \S+\/debug\/\S+\.2\/repx\/inputs\.json\n7\n$/);
  expect(await readPlace(`${GENERATE_1}.2`)).toEqual(["out", "repx"]);
  expect(await readFile(join(stand.basePath, "outputs", GENERATE_1, "repx/job.json"), "utf8")).toBe(before);
});

test("it is given what its upstream jobs have left", async () => {
  const ran = await stand.repx("debug-run", SUM, "-c", "cat ../repx/inputs.json");
  expect(ran.stdout).toContain(`"${join(stand.basePath, "outputs", GENERATE_1, "out")}/`);
});

test("on a terminal it is a shell, as wide as the terminal, and Ctrl-C is for what runs in it", async () => {
  const shown = await stand.repxOnTerminal(
    ["debug-run", GENERATE_1],
    [
      { when: "exit leaves.", type: "stty size; sleep 100\n" },
      { when: "24 80", type: "\u0003" },
      { when: "^C", type: "echo still $((40 + 2))\n" },
      { when: "still 42", type: "exit 5\n" },
    ],
  );
  expect(stripVTControlCharacters(shown)).toContain("../repx/run runs the job.");
  expect(shown).not.toContain("error[");
});

test("without a terminal, and without a command, it says what to do", async () => {
  const refused = await stand.repx("debug-run", GENERATE_1);
  expect(refused).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/^error\[INPUT_INVALID\]: a shell needs a terminal.*\n {2}hint: .*-c COMMAND/),
  });
});

test("while no node is free it says so, and Ctrl-C leaves nothing in the queue", async () => {
  for (const node of stand.cluster.nodes) await stand.cluster.setNodeState(node, "drain");
  try {
    await stand.repxOnTerminal(["debug-run", GENERATE_1], [{ when: "waiting for resources", type: "\u0003" }]);
    const list = async () => (await stand.cluster.run(["squeue", "--noheader"])).stdout;
    await waitUntil({ what: "an empty queue", timeoutSeconds: 20 }, async () => (await list()) === "");
    expect(await list()).toBe("");
  } finally {
    for (const node of stand.cluster.nodes) await stand.cluster.setNodeState(node, "resume");
  }
});
