import { env } from "cloudflare:workers";
import { ErrorAnswer } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import { event, objectOf, registerAndWait, send, settleAll } from "./coordinator.fixture.ts";
import { openMeter } from "./meter.ts";

afterAll(settleAll);

test("counts up to the limit, says how long to wait, and begins again", () => {
  const meter = openMeter(() => 3);
  expect([1_000, 2_000, 3_000, 3_500, 60_500].map((now) => meter.count(now))).toEqual([0, 0, 0, 58, 1]);
  expect(meter.count(61_000)).toBe(0);
  // A clock that was set back does not lock anybody out.
  expect(meter.count(5_000)).toBe(0);
});

test("a submission that sends too many requests is told when to come back, and others are not", async () => {
  const [busy, calm] = [await registerAndWait("meter/busy"), await registerAndWait("meter/calm")];
  const limit = Number(env.EVENT_REQUESTS_PER_MINUTE);
  const post = async (receipt: typeof busy, token = receipt.token) =>
    send("POST", `/api/submissions/${receipt.id}/events`, token, JSON.stringify(event(1)));
  for (let count = 0; count < limit; count += 1) expect((await post(busy)).status).toBe(200);
  const answer = await post(busy);
  expect(answer.status).toBe(429);
  expect(ErrorAnswer.parse(await answer.json()).error.code).toBe("COORD_BUSY");
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(Number(answer.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect((await post(busy, "another-token")).status).toBe(401);
  expect((await post(calm)).status).toBe(200);
  expect(await objectOf(busy).isAuthorized("nobody")).toBe(false);
});
