// What the board's tests share: a board with a viewer and an index of the test's own, before real submissions.
import { env } from "cloudflare:workers";
import { SubmissionReceipt, type SubmissionId } from "@repx/core/model";
import type * as z from "zod";
import { HEAD_SHA, jobId, send, signIdToken } from "../coordinator.fixture.ts";
import { createBoard } from "./board.tsx";
import type { IndexEntry, IndexQuery } from "./submission-index.ts";

/** What a board is opened with; nobody is signed in without `readable`. */
export interface BoardOptions {
  /** The repositories that the viewer may read. */
  readonly readable?: readonly string[];
  /** Repositories' indexes, as they are answered whatever is asked. */
  readonly entries?: readonly IndexEntry[];
  /** Told what the index was asked. */
  readonly asked?: (query: IndexQuery) => void;
}

/** A board that is asked as a browser or a program asks. */
export interface OpenBoard {
  ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  readHtml(path: string): Promise<string>;
  readJson<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>;
}

/** Opens a board. */
export function openBoard({ readable, entries = [], asked }: BoardOptions): OpenBoard {
  const viewer = readable && { login: "octocat", mayRead: async (name: string) => readable.includes(name) };
  const board = createBoard(
    async () => viewer,
    async (_, __, query) => {
      asked?.(query);
      return entries;
    },
  );
  const ask = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    board.fetch(new Request(`https://coordinator.test${path}`, { headers, redirect: "manual" }), env);
  return {
    ask,
    readHtml: async (path) => (await ask(path, { accept: "text/html,application/xhtml+xml,*/*;q=0.8" })).text(),
    readJson: async (path, schema) => schema.parse(await (await ask(path, { accept: "application/json" })).json()),
  };
}

/** A job to register; `nth` makes its id. */
export interface JobSeed {
  readonly nth: number;
  readonly stage?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly needs?: readonly number[];
  readonly isReused?: boolean;
  readonly metricsText?: string;
}

/** Registers a submission of one run, `simulation`, with these jobs. */
export async function registerJobs(repository: string, seeds: readonly JobSeed[]): Promise<SubmissionReceipt> {
  const jobs = seeds.map(({ nth, stage = "walk-1.0", parameters = {}, needs = [], isReused = false, metricsText }) => ({
    id: jobId(nth),
    stage,
    parameters,
    dependsOn: needs.map(jobId),
    isReused,
    metricsText,
  }));
  const body = {
    lab: "0c3f6w9x2k1v8b7n5m4qz0y1h2j3l4p5",
    target: "cluster",
    headSha: HEAD_SHA,
    pullRequest: 7,
    runs: [{ name: "simulation", jobs: jobs.map(({ id }) => id) }],
    jobs,
  };
  const answer = await send("POST", "/api/submissions", await signIdToken({ repository }), JSON.stringify(body));
  return SubmissionReceipt.parse(await answer.json());
}

/** An entry of an index, for a submission. */
export function listEntry(id: SubmissionId, fields: Partial<IndexEntry> = {}): IndexEntry {
  return {
    id,
    pullRequest: 7,
    headSha: HEAD_SHA,
    target: "cluster",
    createdAt: Date.parse("2026-11-01T10:00:00Z"),
    isConcluded: false,
    runs: [],
    ...fields,
  };
}
