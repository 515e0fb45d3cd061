import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { JobEvent } from "../../packages/core/src/model/protocol.ts";
import { reviveRelays } from "../../packages/core/src/schedule/revive-relays.ts";
import { readProcess, sendSignal } from "../harness/process.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { type EventReceiver, startEventReceiver } from "./event-receiver.ts";
import { type LocalSubmission, openLocalSubmission, readAgentPid } from "./local-run.ts";
import { type LocalSite, startLocalSite } from "./local-site.ts";

// Whatever is killed, and whenever: every job runs once, and its end is told.

let site: LocalSite;
let receiver: EventReceiver;
let submission: LocalSubmission;
let gate: string;

beforeAll(async () => {
  site = await startLocalSite("/tmp/repx-local-killed", 2);
});
beforeEach(async () => {
  receiver = await startEventReceiver();
  submission = await openLocalSubmission(site, receiver);
  gate = join(submission.target.base, "gate");
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.log(await submission.readLogs(), receiver.events);
  await site.killAll();
  await receiver[Symbol.asyncDispose]();
  await submission.target[Symbol.asyncDispose]();
});
afterAll(async () => site?.[Symbol.asyncDispose]());

/** Notes its start outside of the folder that a second attempt would empty, and runs until the gate is open. */
const order = (stage: string) => ({
  stage,
  script: `echo "$$" >>"$1/../ran"; while [ ! -e ${gate} ]; do sleep 0.05; done`,
});

async function handInThree(): Promise<void> {
  await submission.add(["one", "two", "three"].map(order));
  await submission.handIn();
  for (const stage of ["one", "two"]) {
    await submission.waitForState(stage, "RUNNING");
    await waitUntil({ what: `${stage} to begin`, timeoutSeconds: 30 }, async () => (await countRuns(stage)) === 1);
  }
}

async function countRuns(stage: string): Promise<number> {
  const text = await readFile(join(submission.folderOf(stage), "ran"), "utf8").catch(() => "");
  return text.split("\n").length - 1;
}

async function readRelayPid(): Promise<number> {
  return Number((await readFile(join(submission.target.folder, "relay.pid"), "utf8")).split(" ")[0]);
}

async function waitForDeath(pid: number): Promise<void> {
  await waitUntil({ what: `${pid} to die`, timeoutSeconds: 10 }, async () => (await readProcess(pid)) === undefined);
}

async function kill(pid: number): Promise<void> {
  sendSignal(pid, "SIGKILL");
  await waitForDeath(pid);
}

function endsOf(stage: string): JobEvent[] {
  return receiver.events.filter(
    (event) => event.slurmId === submission.idOf(stage) && event.state !== "RUNNING" && event.state !== "PENDING",
  );
}

async function expectSuccessOnce(stages: readonly string[]): Promise<void> {
  for (const stage of stages) {
    expect(endsOf(stage), stage).toMatchObject([{ state: "COMPLETED", marker: "SUCCESS", attempt: 1 }]);
    expect(await countRuns(stage), stage).toBe(1);
  }
}

test("an agent that is killed is started again by the relay, and takes over what runs", async () => {
  await handInThree();
  const agent = await readAgentPid(site, submission.target.base);
  await kill(agent);
  await waitUntil({ what: "another agent", timeoutSeconds: 30 }, async () => {
    return (await readAgentPid(site, submission.target.base)) !== agent;
  });
  // Two run on two cores: an agent that forgot them would start the third.
  await submission.waitForState("three", "PENDING");
  expect(await countRuns("three")).toBe(0);
  await writeFile(gate, "");
  await submission.waitForRelay();
  await expectSuccessOnce(["one", "two", "three"]);
});

test("what ends while agent and relay are dead is told by those that the next client starts", async () => {
  await handInThree();
  await kill(await readRelayPid());
  await kill(await readAgentPid(site, submission.target.base));
  await writeFile(gate, "");
  await waitUntil({ what: "both ends on the disk", timeoutSeconds: 30 }, async () =>
    ["one", "two"].every((stage) => existsSync(join(submission.target.folder, "local/ends", submission.idOf(stage)))),
  );
  await reviveRelays(site.transport, submission.target.base);
  await submission.waitForRelay();
  await expectSuccessOnce(["one", "two", "three"]);
});

test("a relay that is killed leaves the jobs to the agent, and the next one tells of them", async () => {
  await handInThree();
  await kill(await readRelayPid());
  await writeFile(gate, "");
  await submission.waitForState("three", "COMPLETED");
  await reviveRelays(site.transport, submission.target.base);
  await submission.waitForRelay();
  await expectSuccessOnce(["one", "two", "three"]);
});

test("a task whose repx-task is killed is lost with all of its processes, and frees its core", async () => {
  await handInThree();
  const program = Number((await readFile(join(submission.folderOf("one"), "ran"), "utf8")).trim());
  await kill(Number((await submission.readClaim("one")).split(" ")[0]));
  await waitForDeath(program);
  await submission.waitForState("three", "RUNNING");
  await writeFile(gate, "");
  await submission.waitForRelay();
  expect(endsOf("one")).toMatchObject([{ state: "NODE_FAIL", reason: "SupervisorLost" }]);
  await expectSuccessOnce(["two", "three"]);
});

test("after a reboot what ran is lost, and what waited runs", async () => {
  await handInThree();
  await site.killAll();
  await writeFile(gate, "");
  await reviveRelays(site.transport, submission.target.base);
  await submission.waitForRelay();
  for (const stage of ["one", "two"]) {
    expect(endsOf(stage)).toMatchObject([{ state: "NODE_FAIL", reason: "SupervisorLost" }]);
    expect(await countRuns(stage)).toBe(1);
  }
  await expectSuccessOnce(["three"]);
});

test("a task that ends because the machine goes down, and not because somebody asked, is lost and no failure", async () => {
  await handInThree();
  sendSignal(Number((await submission.readClaim("one")).split(" ")[0]), "SIGTERM");
  await submission.waitForState("one", "NODE_FAIL");
  await writeFile(gate, "");
  await submission.waitForRelay();
  expect(endsOf("one")).toMatchObject([{ state: "NODE_FAIL", reason: "Terminated", signal: 15 }]);
});

test("a task that the log calls started is started when it was not, and a line that was not written whole does not count", async () => {
  await submission.add(["one", "two"].map(order));
  await writeFile(gate, "");
  await writeFile(join(submission.target.folder, "local/log"), "A 41 .\nS 41_1 .\nE 41_2 FAI");
  await submission.handIn();
  expect(submission.idOf("one")).toBe("41_1");
  await submission.waitForRelay();
  await expectSuccessOnce(["one", "two"]);
});

test("a task that was claimed already is not started again", async () => {
  await submission.add(["one"].map(order));
  await writeFile(gate, "");
  await writeFile(join(submission.target.folder, "local/log"), "A 41 .\n");
  await mkdir(join(submission.target.folder, "local/claims"), { recursive: true });
  await writeFile(join(submission.target.folder, "local/claims/41_1"), "999999 1 another-boot 2026-11-20T12:00:00 .\n");
  await submission.handIn();
  await submission.waitForRelay();
  expect(endsOf("one")).toMatchObject([{ state: "NODE_FAIL", reason: "SupervisorLost" }]);
  expect(await countRuns("one")).toBe(0);
});

test("of many agents that are started at once, one stays", async () => {
  await handInThree();
  await kill(await readRelayPid());
  await kill(await readAgentPid(site, submission.target.base));
  const script = 'for n in 1 2 3 4 5 6 7 8; do "$1/repx-agent" "$2" </dev/null >/dev/null 2>&1 & done';
  await site.transport.run({ argv: ["sh", "-c", script, "sh", submission.target.programs, submission.target.base] });
  await waitUntil({ what: "another agent", timeoutSeconds: 30 }, async () => {
    return (await readProcess(await readAgentPid(site, submission.target.base))) !== undefined;
  });
  const count = 'grep -c " started: " "$1"/agent/*/agent.log; pgrep -c -f "^awk -f $2/agent-admit.awk"';
  await waitUntil({ what: "the others to end", timeoutSeconds: 30, intervalMs: 300 }, async () => {
    const argv = ["sh", "-c", count, "sh", submission.target.base, submission.target.programs];
    return (await site.transport.run({ argv })).stdout === "2\n1\n";
  });
  expect(await countRuns("one")).toBe(1);
});

test("a submission whose folder is removed is ended, and the agent with it", async () => {
  await handInThree();
  const program = Number((await readFile(join(submission.folderOf("one"), "ran"), "utf8")).trim());
  const agent = await readAgentPid(site, submission.target.base);
  await rm(join(submission.target.folder, "local"), { recursive: true });
  await waitForDeath(agent);
  await waitForDeath(program);
  expect(await countRuns("three")).toBe(0);
});

test("the jobs go on when the client is gone, and its machine's way in", async () => {
  await handInThree();
  await site.hangUp();
  await writeFile(gate, "");
  await submission.waitForRelay();
  await expectSuccessOnce(["one", "two", "three"]);
});
