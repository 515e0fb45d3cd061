import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import {
  event,
  jobId,
  objectOf,
  readDelivery,
  readGithub,
  register,
  registerAndWait,
  report,
  setFaults,
  settleAll,
  waitForGithub,
} from "../coordinator.fixture.ts";

afterAll(settleAll);

/** A registration of so many runs that share one job. */
function manyRuns(count: number): object {
  return { runs: Array.from({ length: count }, (_, index) => ({ name: `run-${index}`, jobs: [jobId(1)] })) };
}

/** The budget's table, for a test to write into. */
async function execute(installation: number, sql: string): Promise<void> {
  await runInDurableObject(env.BUDGETS.getByName(String(installation)), (_, { storage }) => storage.sql.exec(sql));
}

async function readInstallation(receipt: { readonly id: string }): Promise<number> {
  return runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) =>
    sql.exec<{ id: number }>("SELECT installation_id AS id FROM submission").one(),
  ).then(({ id }) => id);
}

test("what an installation may create in a minute is not exceeded, and the rest comes later", async () => {
  const installation = await readInstallation(await registerAndWait("lab/budget-many"));
  // Spent in ten minutes' time: however long this test takes, it counts.
  await execute(installation, "DELETE FROM spent");
  await execute(installation, `INSERT INTO spent VALUES (${Date.now() + 600_000}, 44, 0)`);
  const receipt = await register("lab/budget-many", 2, { fields: manyRuns(6) });
  await waitForGithub("lab/budget-many", ({ checks }) => checks.length >= 2 + 4);
  await expect.poll(async () => (await readDelivery(receipt))["due_at"]).toBeGreaterThan(0);
  expect((await readGithub("lab/budget-many")).checks).toHaveLength(2 + 4);
  await execute(installation, "DELETE FROM spent");
  await runDurableObjectAlarm(objectOf(receipt));
  expect((await readGithub("lab/budget-many")).checks).toHaveLength(2 + 6);
});

test("a limit that one submission met holds for the others of the installation", async () => {
  const claims = { repository_id: "99" };
  const [first, second] = [
    await register("lab/budget-shared", 2, { claims }),
    await registerAndWait("lab/budget-shared"),
  ];
  await setFaults("lab/budget-shared", [{ status: 429, headers: { "retry-after": "120" }, times: 1 }]);
  await report(first, [event(1), event(2), event(0)]);
  await runDurableObjectAlarm(objectOf(first));
  const { writes } = await readGithub("lab/budget-shared");
  await report(second, [event(1), event(2), event(0)]);
  await runDurableObjectAlarm(objectOf(second));
  expect((await readGithub("lab/budget-shared")).writes).toEqual(writes);
  expect((await readDelivery(second))["due_at"]).toBeGreaterThan(Date.now() + 100_000);
});
