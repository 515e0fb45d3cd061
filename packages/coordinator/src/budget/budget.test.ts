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

async function forgetSpending(installation: number): Promise<void> {
  await runInDurableObject(env.BUDGETS.getByName(String(installation)), (_, { storage: { sql } }) =>
    sql.exec("UPDATE spent SET at = at - 3600000"),
  );
}

async function readInstallation(receipt: { readonly id: string }): Promise<number> {
  return runInDurableObject(objectOf(receipt), (_, { storage: { sql } }) =>
    sql.exec<{ id: number }>("SELECT installation_id AS id FROM submission").one(),
  ).then(({ id }) => id);
}

test("what an installation may create in a minute is not exceeded, and the rest comes later", async () => {
  const receipt = await register("lab/many", 2, { fields: manyRuns(70) });
  await waitForGithub("lab/many", ({ checks }) => checks.length >= 48);
  await expect.poll(async () => (await readDelivery(receipt))["due_at"]).toBeGreaterThan(Date.now() + 50_000);
  expect((await readGithub("lab/many")).checks).toHaveLength(48);
  await forgetSpending(await readInstallation(receipt));
  await runDurableObjectAlarm(objectOf(receipt));
  expect((await readGithub("lab/many")).checks).toHaveLength(70);
});

test("a limit that one submission met holds for the others of the installation", async () => {
  const claims = { repository_id: "99" };
  const [first, second] = [await register("lab/shared", 2, { claims }), await registerAndWait("lab/shared")];
  await setFaults("lab/shared", [{ status: 429, headers: { "retry-after": "120" }, times: 1 }]);
  await report(first, [event(1), event(2), event(0)]);
  await runDurableObjectAlarm(objectOf(first));
  const { writes } = await readGithub("lab/shared");
  await report(second, [event(1), event(2), event(0)]);
  await runDurableObjectAlarm(objectOf(second));
  expect((await readGithub("lab/shared")).writes).toEqual(writes);
  expect((await readDelivery(second))["due_at"]).toBeGreaterThan(Date.now() + 100_000);
});
