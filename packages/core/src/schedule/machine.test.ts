import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { RepxError } from "../model/errors.ts";
import { openLocal } from "../target/transport/local.ts";
import { readMachine, refuseUnfit } from "./machine.ts";

const MACHINE = { cpus: 8, memoryMebibytes: 16_000 };

function refusal(jobs: Parameters<typeof refuseUnfit>[0]): RepxError {
  try {
    refuseUnfit(jobs, MACHINE);
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("the jobs were accepted");
}

test("jobs that the machine can hold one by one are accepted, however many they are", () => {
  const jobs = [{ cpusPerTask: 8 }, { mem: "16000M" }, { mem: "0" }, {}].map((asked, nth) => ({
    id: jobId(nth),
    resources: { sbatchOpts: [], ...asked },
  }));
  expect(() => refuseUnfit(jobs, MACHINE)).not.toThrow();
});

test("all jobs that could never start are refused in one message, with what they ask for", () => {
  const error = refusal([
    { id: jobId(1), resources: { sbatchOpts: [], cpusPerTask: 16, mem: "64G" } },
    { id: jobId(2), resources: { sbatchOpts: [] } },
    { id: jobId(3), resources: { sbatchOpts: [], time: "soon" } },
  ]);
  expect(error.code).toBe("LOCAL_REJECTED");
  expect(error.message).toBe(
    "2 jobs ask for what the target, which has 8 cores and 16000 MiB, cannot give: " +
      `${jobId(1)} (16 cores, 65536 MiB), ${jobId(3)} (time "soon" cannot be read)`,
  );
});

test("a message names the first twenty, and says how many more there are", () => {
  const jobs = Array.from({ length: 1000 }, (_, nth) => ({ id: jobId(nth), resources: { sbatchOpts: [], mem: "1T" } }));
  expect(refusal(jobs).message).toMatch(/^1000 jobs ask .* and 980 more$/);
});

test("the machine is asked for its own figures", async () => {
  await using transport = await openLocal();
  const machine = await readMachine(transport);
  expect(machine.cpus).toBeGreaterThan(0);
  expect(machine.memoryMebibytes).toBeGreaterThan(64);
});

test("a target that has no such figures is told from one that is too small", async () => {
  await using transport = await openLocal();
  const silent = { ...transport, run: async () => transport.run({ argv: ["echo", "hello"], deadlineSeconds: 10 }) };
  await expect(readMachine(silent)).rejects.toMatchObject({ code: "LOCAL_AGENT_FAILED" });
});
