import fc from "fast-check";
import { expect, test } from "vitest";
import { CREATE, HOUR_MS, planSpending, READ, UPDATE, type Spent, type Urgency } from "./spending.ts";

const NOW = 10 * HOUR_MS;

function spend(count: number, cost: { creates: number; points: number }, at: number): Spent[] {
  return Array.from({ length: count }, () => ({ ...cost, at }));
}

test("a call is made at once where little was spent", () => {
  expect(planSpending([], CREATE, "progress", NOW)).toBe(NOW);
  expect(planSpending(spend(59, CREATE, NOW - 1), CREATE, "concluded", NOW)).toBe(NOW);
});

test("the 61st creation of a minute waits until the first is a minute old", () => {
  const spent = [...spend(1, CREATE, NOW - 50_000), ...spend(59, CREATE, NOW - 1_000)];
  expect(planSpending(spent, CREATE, "concluded", NOW)).toBe(NOW + 10_000);
  expect(planSpending(spent, UPDATE, "concluded", NOW)).toBe(NOW);
});

test("the 401st creation of an hour waits until the first is an hour old", () => {
  const spent = Array.from({ length: 400 }, (_, index) => ({ ...CREATE, at: NOW - HOUR_MS + 1_000 + index * 8_000 }));
  expect(planSpending(spent, CREATE, "concluded", NOW)).toBe(NOW + 1_000);
});

test.each<[Urgency, number]>([
  ["progress", 45],
  ["created", 48],
  ["concluded", 60],
])("a creation for %s finds the limit at %i", (urgency, most) => {
  expect(planSpending(spend(most - 1, CREATE, NOW - 1), CREATE, urgency, NOW)).toBe(NOW);
  expect(planSpending(spend(most, CREATE, NOW - 1), CREATE, urgency, NOW)).toBeGreaterThan(NOW);
});

test("whatever is asked for and when, no minute and no hour holds more than GitHub's limits less a part", () => {
  const call = fc.record({
    cost: fc.constantFrom(READ, UPDATE, CREATE),
    urgency: fc.constantFrom<Urgency>("concluded", "created", "progress"),
    pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 90_000 })),
  });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 700 }), (calls) => {
      const spent: Spent[] = [];
      let now = NOW;
      for (const { cost, urgency, pause } of calls) {
        now += pause;
        if (planSpending(spent, cost, urgency, now) === now) spent.push({ ...cost, at: now });
      }
      for (const { at: end } of spent) {
        const within = (spanMs: number) => spent.filter(({ at }) => at > end - spanMs && at <= end);
        expect(within(60_000).reduce((sum, one) => sum + one.creates, 0)).toBeLessThanOrEqual(60);
        expect(within(60_000).reduce((sum, one) => sum + one.points, 0)).toBeLessThanOrEqual(800);
        expect(within(HOUR_MS).reduce((sum, one) => sum + one.creates, 0)).toBeLessThanOrEqual(400);
      }
    }),
    { numRuns: 20 },
  );
});

test("a call that has to wait is granted at the time that it was told", () => {
  const spent = [...spend(40, CREATE, NOW - 30_000), ...spend(20, CREATE, NOW - 10_000)];
  const at = planSpending(spent, CREATE, "progress", NOW);
  expect(at).toBe(NOW + 30_000);
  expect(planSpending(spent, CREATE, "progress", at)).toBe(at);
  expect(planSpending(spent, CREATE, "progress", at - 1)).toBe(at);
});

test("what forty new checks cost does not hold up their first word of progress", () => {
  const created = spend(40, CREATE, NOW - 20_000);
  expect(planSpending([...created, ...spend(39, UPDATE, NOW - 1)], UPDATE, "progress", NOW)).toBe(NOW);
});
