import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { readGithub, setDeliveries } from "../coordinator.fixture.ts";
import worker from "../worker.ts";
import { planRedeliveries, type Delivery } from "./plan-redeliveries.ts";

const NOW = Date.parse("2026-11-20T03:17:00Z");

function tried(id: number, guid: string, statusCode: number, deliveredAt = "2026-11-19T12:00:00Z"): Delivery {
  return { id, guid, statusCode, deliveredAt };
}

test("repeats the last try of every event that has not arrived", () => {
  const deliveries = [
    tried(1, "a", 502),
    tried(4, "a", 500),
    tried(2, "b", 500),
    tried(5, "b", 202),
    tried(3, "c", 0),
    tried(6, "d", 200),
  ];
  expect(planRedeliveries(deliveries, NOW)).toEqual([3, 4]);
});

test("leaves alone what GitHub no longer redelivers, and asks for a hundred at most", () => {
  expect(planRedeliveries([tried(1, "a", 500, "2026-11-17T03:16:00Z")], NOW)).toEqual([]);
  const many = Array.from({ length: 150 }, (_, index) => tried(index + 1, `g${index}`, 500));
  expect(planRedeliveries(many, NOW)).toHaveLength(100);
});

test("looks through all pages every night", async () => {
  const failed = Array.from({ length: 101 }, (_, index) => tried(index + 1, `g${index}`, index === 100 ? 500 : 200));
  await setDeliveries(failed);
  await worker.scheduled(createScheduledController({ scheduledTime: new Date(NOW), cron: "17 3 * * *" }), env);
  expect((await readGithub("app/hook")).writes).toEqual(["redeliver 101"]);
});
