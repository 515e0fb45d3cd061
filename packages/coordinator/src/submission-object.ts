import { DurableObject } from "cloudflare:workers";
import type {
  EventReceipt,
  JobId,
  KnownLab,
  RunName,
  Submission,
  SubmissionId,
  SubmissionRequest,
  SubmissionView,
} from "@repx/core/model";
import { acceptBatch } from "./accept-events.ts";
import type { AskSubject, NotedAsk } from "./ask/ask.ts";
import { insertSuccessor, writeAsk } from "./ask/ask-store.ts";
import { tellPredecessors } from "./ask/tell-predecessors.ts";
import { readBoard, type BoardAnswer, type BoardQuery } from "./board/board-store.ts";
import { openLiveSockets, type LiveSockets } from "./board/live-sockets.ts";
import { readConfig } from "./config.ts";
import { FRESH_MS, planAlarm, planRescue } from "./delivery.ts";
import {
  insertDelivery,
  noteBlocked,
  noteChange,
  noteDelivered,
  noteFlush,
  readDelivery,
  readOldestOpenCheck,
} from "./delivery-store.ts";
import type { EventBatch } from "./event-lines.ts";
import { BUG_DELAY_MS, flush } from "./flush.ts";
import { openAppClient, type AppClient } from "./github/app-client.ts";
import type { FileName } from "./files/file-path.ts";
import {
  findFigure,
  listFiles,
  noteFile,
  planFile,
  readTotal,
  type FilePlan,
  type StoredFile,
} from "./files/file-store.ts";
import { describeThrown, writeLog } from "./log.ts";
import { askOfRepository, askToPublish } from "./ask-of-repository.ts";
import { isAdmitted, openMeter, type Admission } from "./meter.ts";
import { planWake } from "./plan-wake.ts";
import { presentSubmission, readFrame, renderLinks } from "./present-submission.ts";
import { noteInRepository } from "./repository/note-in-repository.ts";
import { hasSchema, migrateSubmission } from "./schema.ts";
import { insertSubmission, readPolicy, readRecord, readSubmissionRow, type SubmissionRow } from "./submission-store.ts";
import { listPassed, renderView } from "./submission-view.ts";
import { isSameHash } from "./token.ts";
import { askForSweep } from "./watch/ask-for-sweep.ts";
import { hasOpenJobs, insertWatch, notePhase, noteSuperseded, readWatch } from "./watch/watch-store.ts";
import { namePhase, planSweep } from "./watch/watch.ts";

/** One submission: its jobs, the events that came, and what GitHub was told of them. Holds no rules. */
export class SubmissionObject extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #pages: LiveSockets;
  #github: AppClient | undefined;
  #isSuccessorKnown = false;
  /** In memory alone: an object that is put to sleep was not busy. */
  readonly #meter = openMeter(() => readConfig(this.env).EVENT_REQUESTS_PER_MINUTE);

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    this.#pages = openLiveSockets(state);
    if (hasSchema(this.#sql)) state.storage.transactionSync(() => migrateSubmission(this.#sql));
  }

  /** Stores a new submission; false when this one was registered before. */
  async register(row: SubmissionRow, request: SubmissionRequest): Promise<boolean> {
    const isNew = this.ctx.storage.transactionSync(() => {
      migrateSubmission(this.#sql);
      if (readSubmissionRow(this.#sql) !== undefined) return false;
      insertSubmission(this.#sql, row, request);
      insertDelivery(this.#sql);
      insertWatch(this.#sql, row.created_at);
      return true;
    });
    if (isNew) await this.#arm(row);
    return isNew;
  }

  /** Tells whether a token is this submission's; asked before anything that who sends a request may make large is read. */
  isAuthorized(tokenHash: string): boolean {
    return this.#authorize(tokenHash, Date.now()) !== undefined;
  }

  /** The same for who sends events; counts the request. */
  admitSender(tokenHash: string): Admission {
    const now = Date.now();
    if (this.#authorize(tokenHash, now) === undefined) return { isAuthorized: false, waitSeconds: 0 };
    return { isAuthorized: true, waitSeconds: this.#meter.count(now) };
  }

  /** Takes events into the records, all in one transaction; of a sender who was not admitted yet, that is done first. */
  async acceptEvents(tokenHash: string, batch: EventBatch, known?: Admission): Promise<EventReceipt | Admission> {
    const now = Date.now();
    const admission = known ?? this.admitSender(tokenHash);
    const row = this.#authorize(tokenHash, now);
    if (row === undefined) return { isAuthorized: false, waitSeconds: 0 };
    if (!isAdmitted(admission)) return admission;
    const { receipt, hasChanged } = this.ctx.storage.transactionSync(() => {
      const accepted = acceptBatch(this.#sql, batch, now);
      if (accepted.hasChanged) noteChange(this.#sql);
      return { ...accepted, hasChanged: this.#notePhase(row, now) || accepted.hasChanged };
    });
    if (hasChanged) this.#pages.announce();
    if (hasChanged) await this.#arm(row);
    return receipt;
  }

  /** Says whether a file may be stored: it is of a job here, and there is room. */
  planFile(name: FileName, sizeBytes: number): FilePlan {
    if (readRecord(this.#sql, name.job) === undefined) return "no such job";
    return planFile(readTotal(this.#sql, name), sizeBytes);
  }

  /** Notes a file that lies in the bucket now. */
  async addFile(file: StoredFile): Promise<void> {
    const row = readSubmissionRow(this.#sql);
    if (row === undefined || !noteFile(this.#sql, file, Date.now())) return;
    noteChange(this.#sql);
    this.#pages.announce();
    await this.#arm(row);
  }

  /** Lists the files of a job, or of all. */
  listFiles(job?: JobId): StoredFile[] {
    return hasSchema(this.#sql) ? listFiles(this.#sql, job) : [];
  }

  /** Finds a picture by what its public address ends in. */
  findFigure(figure: string): StoredFile | undefined {
    return hasSchema(this.#sql) ? findFigure(this.#sql, figure) : undefined;
  }

  /** Says where the submission stands; undefined when the token is not this submission's. */
  view(tokenHash: string): SubmissionView | undefined {
    const row = this.#authorize(tokenHash, Date.now());
    return row === undefined ? undefined : renderView(this.#read(row, "no texts"));
  }

  /** Reads the jobs of runs that have all passed, with their metrics; undefined when one has not. */
  readPassed(runs: readonly RunName[]): KnownLab["jobs"] | undefined {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    return row === undefined ? undefined : listPassed(this.#read(row, "texts"), runs);
  }

  /** Gives up what has not ended for a submission of a later push, where the repository wishes that. */
  async supersede(by: SubmissionId): Promise<void> {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    if (row === undefined || readPolicy(row).onSupersede !== "cancel" || !hasOpenJobs(this.#sql)) return;
    this.ctx.storage.transactionSync(() => {
      noteSuperseded(this.#sql, by);
      this.#notePhase(row, Date.now());
    });
    await this.#arm(row);
    await askOfRepository(this.env, row, `supersede:${row.id}`, { kind: "supersede", submission: row.id });
  }

  /** Notes what a person asked of runs here, for their checks to say; undefined when nothing here is that repository's. */
  async noteAsk(ask: NotedAsk): Promise<AskSubject | undefined> {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    if (row === undefined || row.repository_id !== ask.repositoryId) return undefined;
    this.ctx.storage.transactionSync(() => {
      writeAsk(this.#sql, ask);
      noteChange(this.#sql);
    });
    await this.#arm(row);
    return { headSha: row.head_sha, pullRequest: row.pull_request ?? undefined };
  }

  /** Notes that a later submission of the same commit took over; its checks have the same names and count from now on. */
  async noteSuccessor(id: SubmissionId, at: number): Promise<void> {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    // After its life nothing more is told of it.
    if (row === undefined || row.expires_at <= Date.now()) return;
    this.ctx.storage.transactionSync(() => {
      if (insertSuccessor(this.#sql, id, at)) noteChange(this.#sql);
    });
    await this.#arm(row);
  }

  /** Answers what a page of the board asks; who may read the repository is asked by the caller. */
  readBoard(query: BoardQuery): BoardAnswer | undefined {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    return row && readBoard(this.#sql, row, query, () => this.#read(row, "no texts"));
  }

  /** Takes the WebSocket of an open page; who may read the repository is asked by the caller. */
  override fetch(request: Request): Response {
    return this.#pages.accept(request);
  }

  /** Tells GitHub what is new. Never throws: the platform gives up on an alarm after six failures, we do not. */
  override async alarm(): Promise<void> {
    if (!hasSchema(this.#sql)) return;
    const row = readSubmissionRow(this.#sql);
    if (row === undefined || row.expires_at <= Date.now()) return;
    try {
      await this.#watch(row, Date.now());
      if (planAlarm(readDelivery(this.#sql), Date.now()) !== undefined) await this.#tell(row);
    } catch (thrown) {
      writeLog("failure", { submission: row.id, cause: describeThrown(thrown) });
      noteBlocked(this.#sql, Date.now() + BUG_DELAY_MS);
    }
    await this.#arm(row);
  }

  /** Does what time alone asks for: another word about silence, a sweep, a fresh check in place of one that would grow stale. */
  async #watch(row: SubmissionRow, now: number): Promise<void> {
    if (!hasOpenJobs(this.#sql)) return;
    const sweepAt = planSweep(readWatch(this.#sql));
    if (sweepAt !== undefined && sweepAt <= now) await askForSweep(this.#sql, row, now, () => this.#openGithub(row));
    this.#notePhase(row, now);
    if ((readOldestOpenCheck(this.#sql) ?? now) + FRESH_MS <= now) noteChange(this.#sql);
  }

  async #tell(row: SubmissionRow): Promise<void> {
    const startedAt = Date.now();
    const { revision, failures } = readDelivery(this.#sql);
    noteFlush(this.#sql, startedAt);
    // A crash below finds this alarm; on the disk, for what is read and rendered next may itself be the reason.
    await this.ctx.storage.setAlarm(planRescue(failures, startedAt));
    await this.ctx.storage.sync();
    const submission = this.#read(row, "texts");
    const result = await flush({
      sql: this.#sql,
      github: this.#openGithub(row),
      budget: this.env.BUDGETS.getByName(String(row.installation_id)),
      appId: Number(readConfig(this.env).GITHUB_APP_ID),
      row,
      submission,
      links: renderLinks(readConfig(this.env), row),
      failures,
      now: Date.now,
    });
    await noteInRepository(this.env, row, submission);
    await askToPublish(this.env, row, submission);
    // Not before our own checks are there: meanwhile a name would have an old success alone.
    if (!this.#isSuccessorKnown && result.retryAt === undefined && result.dueAt === undefined) {
      await tellPredecessors(this.env, row);
      this.#isSuccessorKnown = true;
    }
    if (result.retryAt === undefined) noteDelivered(this.#sql, revision, result.dueAt ?? 0);
    else noteBlocked(this.#sql, result.retryAt);
    const log = { submission: row.id, revision, ...result, ms: Date.now() - startedAt };
    writeLog("flush", log);
  }

  #openGithub(row: SubmissionRow): AppClient {
    this.#github ??= openAppClient(readConfig(this.env), row.installation_id);
    return this.#github;
  }

  #read(row: SubmissionRow, texts: "texts" | "no texts"): Submission {
    return presentSubmission(this.#sql, row, {
      origin: readConfig(this.env).COORDINATOR_ORIGIN,
      texts,
      now: Date.now(),
    });
  }

  #authorize(tokenHash: string, now: number): SubmissionRow | undefined {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    if (row === undefined || !isSameHash(row.token_hash, tokenHash) || row.expires_at <= now) return undefined;
    return row;
  }

  /** Notes what time has made of the submission; true when that is new, and so to be told. */
  #notePhase(row: SubmissionRow, now: number): boolean {
    const isNew = notePhase(this.#sql, namePhase(readWatch(this.#sql), readFrame(row), now));
    if (isNew) noteChange(this.#sql);
    if (isNew) this.#pages.announce();
    return isNew;
  }

  /** Sets the alarm to when there is something to do; stored with the writes before it, as nothing was awaited between. */
  async #arm(row: SubmissionRow): Promise<void> {
    const at = planWake(this.#sql, row, Date.now());
    await (at === undefined ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(at));
  }
}
