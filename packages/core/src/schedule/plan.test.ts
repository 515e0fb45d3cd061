import * as fc from "fast-check";
import { expect, test } from "vitest";
import { jobId } from "../model/events.fixture.ts";
import { SubmissionId, type JobId } from "../model/ids.ts";
import { NO_WISHES } from "./plan-wishes.ts";
import {
  chooseFailed,
  planJobs,
  settleShared,
  type Again,
  type JobFacts,
  type Plan,
  type QueuedJob,
  type WantedJobs,
} from "./plan.ts";

const OTHER = SubmissionId.parse("s0123456789abcdefghijklmno");
const NOTHING: JobFacts = {
  succeeded: new Set(),
  failed: new Set(),
  incomplete: new Set(),
  queued: new Map(),
  revisions: new Map(),
};
const pending = (nth: number, again?: Again): QueuedJob => ({
  slurmId: `7_${nth}`,
  submission: OTHER,
  isRunning: false,
  ...(again === undefined ? {} : { again }),
});

/** Jobs 1, 2, ... in this order; each waits for those that are named. */
function want(upstream: readonly (readonly number[])[], asked?: readonly number[]): WantedJobs {
  const order = upstream.map((_, index) => jobId(index + 1));
  return {
    order,
    asked: new Set(asked === undefined ? order : asked.map((nth) => jobId(nth))),
    dependencies: new Map(
      upstream.map((list, index) => [
        jobId(index + 1),
        list.map((nth) => ({ id: jobId(Math.abs(nth)), kind: nth < 0 ? ("soft" as const) : ("hard" as const) })),
      ]),
    ),
  };
}

const jobs = (...nths: number[]): Set<JobId> => new Set(nths.map((nth) => jobId(nth)));
const queue = (...entries: [number, QueuedJob][]): Map<JobId, QueuedJob> =>
  new Map(entries.map(([nth, entry]) => [jobId(nth), entry]));
const number = (id: JobId): number => Number(id.slice(0, 32));
const tell = ({ toRun, reused, shared }: Plan): unknown => {
  return { run: toRun.map(number), reuse: [...reused].map(number), share: [...shared.keys()].map(number) };
};

test("what succeeded is reused, what failed or was cut off runs again, what never ran runs", () => {
  const facts = { ...NOTHING, succeeded: jobs(1), failed: jobs(2), incomplete: jobs(3) };
  expect(tell(planJobs(want([[], [], [], []]), facts, NO_WISHES))).toEqual({ run: [2, 3, 4], reuse: [1], share: [] });
});

test("what another submission has in the queue is waited for, whatever an earlier attempt left", () => {
  const facts = {
    ...NOTHING,
    failed: jobs(1),
    incomplete: jobs(2),
    queued: queue([1, pending(1)], [2, { ...pending(2), isRunning: true }]),
  };
  expect(tell(planJobs(want([[], [], [1, 2]]), facts, NO_WISHES))).toEqual({ run: [3], reuse: [], share: [1, 2] });
});

test("a success is reused though another submission has the job in the queue, unless that one runs it again", () => {
  const facts = { ...NOTHING, succeeded: jobs(1, 2), queued: queue([1, pending(1)], [2, pending(2, "force")]) };
  expect(tell(planJobs(want([[], []]), facts, NO_WISHES))).toEqual({ run: [], reuse: [1], share: [2] });
});

test("a job that waits in the queue for one that has to run here is not shared; one that runs is", () => {
  const facts = {
    ...NOTHING,
    failed: jobs(1),
    queued: queue([2, pending(2)], [3, { ...pending(3), isRunning: true }]),
  };
  expect(tell(planJobs(want([[], [1], [1]]), facts, NO_WISHES))).toEqual({ run: [1, 2], reuse: [], share: [3] });
});

test("a soft dependency on a job that runs here keeps none from being shared", () => {
  const facts = { ...NOTHING, queued: queue([2, pending(2)]) };
  expect(tell(planJobs(want([[], [-1]]), facts, NO_WISHES))).toEqual({ run: [1], reuse: [], share: [2] });
});

test("forced jobs run again, those that they need do not", () => {
  const plan = planJobs(
    want([[], [1], [2]], [2]),
    { ...NOTHING, succeeded: jobs(1, 2, 3) },
    { ...NO_WISHES, isForced: true },
  );
  expect(tell(plan)).toEqual({ run: [2], reuse: [1, 3], share: [] });
  expect([...plan.again]).toEqual([[jobId(2), "force"]]);
});

test("a forced job is shared with a submission that will run it, and not with one that would reuse it", () => {
  const facts = { ...NOTHING, succeeded: jobs(1, 2), queued: queue([1, pending(1)], [2, pending(2, "force")]) };
  expect(tell(planJobs(want([[], []]), facts, { ...NO_WISHES, isForced: true }))).toEqual({
    run: [1],
    reuse: [],
    share: [2],
  });
});

test.each<[number | undefined, Again | undefined, string]>([
  [undefined, undefined, "run"],
  [2, undefined, "run"],
  [3, undefined, "reuse"],
  [4, undefined, "reuse"],
  [2, 3, "share"],
  [2, 2, "run"],
  [2, "force", "run"],
])("revision 3 of a success of revision %s, in the queue to run again by %s: %s", (revision, again, verdict) => {
  const facts = {
    ...NOTHING,
    succeeded: jobs(1),
    revisions: new Map(revision === undefined ? [] : [[jobId(1), revision]]),
    queued: again === undefined ? new Map<JobId, QueuedJob>() : queue([1, pending(1, again)]),
  };
  const plan = planJobs(want([[]]), facts, { ...NO_WISHES, rev: 3 });
  expect(tell(plan)).toMatchObject({ [verdict]: [1] });
  expect([...plan.again.values()]).toEqual(verdict === "reuse" ? [] : [3]);
});

test("only failed: jobs whose last attempt did not succeed, what needs them, and what those need", () => {
  // 1 -> 2 -> 3 -> 4, 5 -> 4, 6 alone, 7 after the end of 2.
  const wanted = want([[], [1], [2], [3, 5], [], [], [-2]]);
  const facts = {
    ...NOTHING,
    succeeded: jobs(1),
    failed: jobs(2),
    incomplete: jobs(6),
    queued: queue([6, pending(6)]),
  };
  expect([...chooseFailed(wanted, facts)].toSorted()).toEqual([...jobs(1, 2, 3, 4, 5)]);
});

test("a shared job that left the queue runs here, with those that wait for it, unless it succeeded", () => {
  const wanted = want([[], [1], [], [3]]);
  const facts = { ...NOTHING, queued: queue([1, pending(1)], [2, pending(2)], [3, pending(3)]) };
  const plan = planJobs(wanted, facts, NO_WISHES);
  const settled = settleShared(plan, wanted.dependencies, { succeeded: jobs(3), queued: queue([2, pending(2)]) });
  expect(tell(settled)).toEqual({ run: [1, 2, 4], reuse: [], share: [3] });
  expect(settled.ended).toEqual(jobs(3));
});

test("a shared job that was to run again, and left the queue without a word, runs here though an earlier success is there", () => {
  const wanted = want([[], [1]]);
  const facts = { ...NOTHING, succeeded: jobs(1), queued: queue([1, pending(1, "force")]) };
  const plan = planJobs(wanted, facts, { ...NO_WISHES, isForced: true });
  expect(tell(plan)).toMatchObject({ share: [1] });
  const settled = settleShared(plan, wanted.dependencies, { succeeded: jobs(1), queued: new Map() });
  expect(tell(settled)).toEqual({ run: [1, 2], reuse: [], share: [] });
  expect(settled.again.get(jobId(1))).toBe("force");
});

interface Case {
  readonly wanted: WantedJobs;
  readonly facts: JobFacts;
}

/** Random graphs with anything that a target may say of each job. */
const cases: fc.Arbitrary<Case> = fc
  .array(
    fc.record({
      picks: fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength: 3 }),
      isAsked: fc.boolean(),
      end: fc.constantFrom("none", "succeeded", "failed", "incomplete"),
      queued: fc.constantFrom("no", "no", "pending", "running", "again"),
      revision: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((nodes) => {
    const upstream = nodes.map(({ picks }, index) =>
      index === 0 ? [] : picks.map(([pick, isSoft]) => (isSoft ? -1 : 1) * ((pick % index) + 1)),
    );
    const pick = (fits: (node: (typeof nodes)[number]) => boolean): Set<JobId> =>
      jobs(...nodes.flatMap((node, index) => (fits(node) ? [index + 1] : [])));
    const queued = nodes.flatMap(({ queued: how }, index): [number, QueuedJob][] =>
      how === "no"
        ? []
        : [[index + 1, { ...pending(index + 1, how === "again" ? "force" : undefined), isRunning: how === "running" }]],
    );
    return {
      wanted: { ...want(upstream), asked: pick(({ isAsked }) => isAsked) },
      facts: {
        succeeded: pick(({ end }) => end === "succeeded"),
        failed: pick(({ end }) => end === "failed"),
        incomplete: pick(({ end }) => end === "incomplete"),
        queued: queue(...queued),
        revisions: new Map(
          nodes.flatMap(({ revision }, at) => (revision === undefined ? [] : [[jobId(at + 1), revision]])),
        ),
      },
    };
  });
const wishes = fc.record({ isForced: fc.boolean(), rev: fc.option(fc.nat(5), { nil: undefined }) });

test("every job is reused, shared or run, and one of the three", () => {
  fc.assert(
    fc.property(cases, wishes, ({ wanted, facts }, wish) => {
      const { toRun, reused, shared, order } = planJobs(wanted, facts, { ...NO_WISHES, ...wish });
      expect([...toRun, ...reused, ...shared.keys()].toSorted()).toEqual(order.toSorted());
      expect(toRun).toEqual(order.filter((id) => toRun.includes(id)));
    }),
  );
});

test("nothing is reused that did not succeed, and what runs in the queue is never started beside it", () => {
  fc.assert(
    fc.property(cases, ({ wanted, facts }) => {
      const { toRun, reused } = planJobs(wanted, facts, NO_WISHES);
      for (const id of reused) expect(facts.succeeded.has(id)).toBe(true);
      for (const id of toRun) expect(facts.succeeded.has(id) && facts.queued.get(id)?.again === undefined).toBe(false);
      for (const id of toRun) expect(facts.queued.get(id)?.isRunning ?? false).toBe(false);
    }),
  );
});

test("no job in the queue is waited for that itself waits for a job of this plan", () => {
  fc.assert(
    fc.property(cases, wishes, ({ wanted, facts }, wish) => {
      const { toRun, shared } = planJobs(wanted, facts, { ...NO_WISHES, ...wish });
      for (const [id, { isRunning }] of shared) {
        const needs = (wanted.dependencies.get(id) ?? []).filter(({ kind }) => kind === "hard");
        expect(!isRunning && needs.some((one) => toRun.includes(one.id))).toBe(false);
      }
    }),
  );
});

test("a revision runs once: after its success the same wish reuses everything", () => {
  fc.assert(
    fc.property(cases, fc.nat(5), ({ wanted }, rev) => {
      const facts = {
        ...NOTHING,
        succeeded: new Set(wanted.order),
        revisions: new Map(wanted.order.map((id) => [id, rev])),
      };
      expect(planJobs(wanted, facts, { ...NO_WISHES, rev }).toRun).toEqual([]);
    }),
  );
});

test("what only failed leaves out has not failed, and of what it keeps all that is needed is kept", () => {
  fc.assert(
    fc.property(cases, ({ wanted, facts }) => {
      const kept = chooseFailed(wanted, facts);
      for (const id of wanted.asked) {
        const hasFailed = (facts.failed.has(id) || facts.incomplete.has(id)) && !facts.queued.has(id);
        expect(hasFailed && !kept.has(id)).toBe(false);
      }
      for (const id of kept) {
        const needs = (wanted.dependencies.get(id) ?? []).filter(({ kind }) => kind === "hard");
        expect(needs.every((one) => kept.has(one.id))).toBe(true);
      }
    }),
  );
});

test("10,000 jobs that each wait for the same 10,000 are planned with one walk of their list", () => {
  const count = 10_000;
  const first = Array.from({ length: count }, (_, nth) => jobId(nth + 1));
  const second = Array.from({ length: count }, (_, nth) => jobId(count + nth + 1));
  let walks = 0;
  const list = first.map((id) => ({ id, kind: "hard" as const }));
  const counted = new Proxy(list, {
    get: (target, key, receiver) => {
      if (key === "some") walks += 1;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  const dependencies = new Map([...first, ...second].map((id, nth) => [id, nth < count ? [] : counted]));
  const wanted = { order: [...dependencies.keys()], asked: new Set(dependencies.keys()), dependencies };
  const queued = new Map(second.map((id, nth) => [id, pending(nth)]));
  expect(planJobs(wanted, { ...NOTHING, queued }, NO_WISHES).toRun).toHaveLength(2 * count);
  expect(walks).toBe(1);
});
