import { JobId } from "@repx/core/model";
import { html } from "hono/html";
import { expect, test } from "vitest";
import { jobId } from "../../coordinator.fixture.ts";
import type { AttemptLine, JobLine } from "../views.ts";
import { Timeline } from "./timeline.tsx";

const READ_AT = "2026-11-01T11:00:00Z";

async function render(...jobs: readonly (readonly AttemptLine[])[]): Promise<string> {
  const lines = jobs.map((attempts, nth): JobLine => ({
    id: JobId.parse(jobId(nth)),
    stage: "walk-1.0",
    parameters: `seed=${nth}`,
    state: attempts.at(-1)?.state ?? "queued",
    end: "",
    attempts: [...attempts],
  }));
  return (await html`${Timeline({ jobs: lines, readAt: READ_AT })}`).toString();
}

/** Each bar's class, left edge and width. */
function listBars(svg: string): [string, number, number][] {
  const bars = svg.matchAll(/<rect class="bar (\w+)" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"/g);
  return [...bars].map(([, state = "", x, width]) => [state, Number(x), Number(width)]);
}

test("attempts lie on one scale from the first start to the last end", async () => {
  const svg = await render(
    [
      { attempt: 1, state: "infrastructure", startedAt: "2026-11-01T10:00:00Z", elapsedSeconds: 900 },
      { attempt: 2, state: "succeeded", startedAt: "2026-11-01T10:30:00Z", elapsedSeconds: 1800 },
    ],
    [{ attempt: 0, state: "queued" }],
  );
  expect(listBars(svg)).toEqual([
    ["infrastructure", 230, 242.5],
    ["succeeded", 715, 485],
  ]);
  expect(svg).toContain("1 job from 2026-11-01 10:00:00 UTC, 1 h 0 min on");
  expect(svg).toContain("attempt 1, infrastructure, 15 min 0 s");
});

test("what runs lasts until now, and an end without a duration is a mark", async () => {
  const svg = await render(
    [{ attempt: 1, state: "running", startedAt: "2026-11-01T10:00:00Z" }],
    [{ attempt: 1, state: "failed", startedAt: "2026-11-01T10:30:00Z" }],
  );
  expect(listBars(svg)).toEqual([
    ["running", 230, 970],
    ["failed", 715, 2],
  ]);
});

test("where nothing has begun, that is said", async () => {
  expect(await render([{ attempt: 0, state: "queued" }])).toContain("None of these jobs has begun");
});
