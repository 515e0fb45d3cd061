// How a Lab that is reused whole is submitted: by how many commands on the target.
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startPlanStand } from "../../packages/core/src/plan-experiment.fixture.ts";
import { planExperiment } from "../../packages/core/src/plan-experiment.ts";
import { submitExperiment } from "../../packages/core/src/submit.ts";
import { touchAll, writeSweepLab } from "./sweep-lab.ts";

const SUBMISSION = "s0123456789abcdefghijklmno";

test("a reused Lab of 10,000 jobs is submitted with two remote commands, of which the first plans", async () => {
  await using stand = await startPlanStand();
  await using written = await writeSweepLab(5000);
  await touchAll(
    stand.base,
    written.ids.map((id) => `outputs/${id}/repx/SUCCESS`),
  );
  const receipt = { id: SUBMISSION, token: "t".repeat(43), url: "http://x/1", expiresAt: "2026-03-02T00:00:00Z" };
  const server = createServer((incoming, answer) => {
    incoming.resume().on("end", () => answer.writeHead(201).end(JSON.stringify(receipt)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const asked = stand.request(written.folder);
  const plan = await planExperiment(asked);
  expect(plan.counts).toEqual({ total: 10_000, run: 0, wait: 0, reuse: 10_000 });
  expect(stand.countCommands()).toBe(1);

  // What an earlier submission of the Lab has left.
  await mkdir(join(stand.base, "artifacts/labs", plan.lab), { recursive: true });
  const outcome = await submitExperiment({ ...asked, coordinator: { ...asked.coordinator, origin } });
  server.close();
  expect(outcome).toMatchObject({ submitted: 0, shared: 0 });
  expect(outcome.jobs.size).toBe(10_000);
  expect(stand.countCommands()).toBe(3);
});
