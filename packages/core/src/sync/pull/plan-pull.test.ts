import fc from "fast-check";
import { expect, test } from "vitest";
import { groupStreams } from "./group-streams.ts";
import type { ListedEntry, OutputListing } from "./parse-listing.ts";
import { planPull, type PlacedEntry } from "./plan-pull.ts";
import { JOB, OTHER } from "./pull.fixture.ts";
import type { PullRequest } from "./pull-request.ts";

const REQUEST: PullRequest = { basePath: "/b", destination: "/d", jobs: [JOB], parts: ["out"] };

function list(entries: readonly Partial<ListedEntry>[]): OutputListing {
  const whole = entries.map((entry): ListedEntry => ({
    path: "",
    job: JOB,
    kind: "file",
    mode: 0o644,
    sizeBytes: 1,
    mtimeSeconds: 1,
    ...entry,
  }));
  return {
    entries: new Map(whole.map((entry) => [entry.path, entry])),
    closedFolders: [],
    unreadyJobs: [],
    isAbsent: false,
    tools: { hasZstd: true, hasOpenssl: true, hasGnuTar: true },
  };
}

test.each([
  ["nothing", undefined, true],
  ["the same", { kind: "file", sizeBytes: 1, mtimeSeconds: 1 }, false],
  ["another size", { kind: "file", sizeBytes: 2, mtimeSeconds: 1 }, true],
  ["another time", { kind: "file", sizeBytes: 1, mtimeSeconds: 2 }, true],
  ["a link", { kind: "symlink", sizeBytes: 1, mtimeSeconds: 1 }, true],
] satisfies [string, PlacedEntry | undefined, boolean][])(
  "a file is fetched where %s is here: %j",
  (_, here, isWanted) => {
    const path = `${JOB}/out/x`;
    const plan = planPull(list([{ path }]), new Map(here === undefined ? [] : [[path, here]]), REQUEST);
    expect([plan.wanted.length, plan.preview.skippedFiles]).toEqual(isWanted ? [1, 0] : [0, 1]);
  },
);

test("what is listed below a link is left out, however deep", () => {
  const { wanted, folders, preview } = planPull(
    list([
      { path: `${JOB}/out`, kind: "folder" },
      { path: `${JOB}/out/a`, kind: "symlink" },
      { path: `${JOB}/out/a/b`, kind: "folder" },
      { path: `${JOB}/out/a/b/c` },
    ]),
    new Map(),
    REQUEST,
  );
  expect(wanted.map(({ path }) => path)).toEqual([`${JOB}/out/a`]);
  expect(folders).toEqual([`${JOB}/out`]);
  expect(preview.leftOut).toEqual([expect.objectContaining({ reason: "it lies below something that is no folder" })]);
});

test("a folder that may not be read there is told", () => {
  const closed = { ...list([{ path: `${JOB}/out`, kind: "folder" }]), closedFolders: [`${JOB}/out/secret`] };
  expect(planPull(closed, new Map(), REQUEST).preview.leftOut).toEqual([
    { path: `${JOB}/out/secret`, sizeBytes: 0, reason: "the folder may not be read there" },
  ]);
});

test("markers come last, and one that differs here is stale", () => {
  const here = new Map<string, PlacedEntry>([
    [`${JOB}/repx/SUCCESS`, { kind: "file", sizeBytes: 0, mtimeSeconds: 1 }],
    [`${JOB}/repx/FAIL`, { kind: "file", sizeBytes: 0, mtimeSeconds: 1 }],
  ]);
  const marker = { path: `${JOB}/repx/SUCCESS`, sizeBytes: 0, mtimeSeconds: 9 };
  const plan = planPull(list([marker, { path: `${JOB}/out/x` }]), here, REQUEST);
  expect(plan.wanted.map(({ path }) => path)).toEqual([`${JOB}/out/x`]);
  expect(plan.wantedMarkers.map(({ path }) => path)).toEqual([marker.path]);
  expect(plan.staleMarkers).toEqual(new Map([[JOB, [`${JOB}/repx/SUCCESS`, `${JOB}/repx/FAIL`]]]));
});

test("a job that only its marker is there of has nothing, and its marker here stays", () => {
  const here = new Map<string, PlacedEntry>([
    [`${OTHER}/repx/SUCCESS`, { kind: "file", sizeBytes: 0, mtimeSeconds: 1 }],
  ]);
  const plan = planPull(list([{ path: `${JOB}/repx/FAIL` }]), here, { ...REQUEST, jobs: [JOB, OTHER] });
  expect(plan.preview.missingJobs).toEqual([JOB, OTHER]);
  expect(plan.staleMarkers.size).toBe(0);
});

test("streams hold every file once, none of them too much at a time", () => {
  const sizes = fc.array(fc.nat({ max: 80 * 1024 * 1024 }), { maxLength: 300 });
  fc.assert(
    fc.property(sizes, (found) => {
      const entries = [
        ...list(found.map((sizeBytes, index) => ({ path: `${JOB}/out/${index}`, sizeBytes }))).entries.values(),
      ];
      const streams = groupStreams(entries);
      expect(
        streams
          .flat()
          .map(({ path }) => path)
          .toSorted(),
      ).toEqual(entries.map(({ path }) => path).toSorted());
      for (const stream of streams) {
        expect(stream.length).toBeGreaterThan(0);
        const bytes = stream.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(stream.length === 1 || bytes <= 64 * 1024 * 1024).toBe(true);
      }
    }),
  );
  const many = Array.from({ length: 10_000 }, (_, index) => ({ path: `${JOB}/out/${index}` }));
  expect(groupStreams([...list(many).entries.values()]).map(({ length }) => length)).toEqual([4096, 4096, 1808]);
});
