import { DurableObject } from "cloudflare:workers";
import {
  isConcluded,
  step,
  summarizeRun,
  type EventReceipt,
  type SubmissionRequest,
  type SubmissionView,
} from "@repx/core/model";
import { readConfig } from "./config.ts";
import { planAlarm, planRescue } from "./delivery.ts";
import { insertDelivery, noteBlocked, noteChange, noteDelivered, noteFlush, readDelivery } from "./delivery-store.ts";
import type { EventLine } from "./event-lines.ts";
import { BUG_DELAY_MS, flush } from "./flush.ts";
import { openAppClient, type AppClient } from "./github/app-client.ts";
import { cutText } from "./issues.ts";
import { describeThrown, writeLog } from "./log.ts";
import { hasSchema, migrate } from "./schema.ts";
import {
  insertSubmission,
  noteEvent,
  readRecord,
  readSubmission,
  readSubmissionRow,
  writeRecord,
  type SubmissionRow,
} from "./submission-store.ts";
import { isSameHash } from "./token.ts";

/** One submission: its jobs, the events that came, and what GitHub was told of them. Holds no rules. */
export class SubmissionObject extends DurableObject {
  readonly #sql: SqlStorage;
  #github: AppClient | undefined;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    if (hasSchema(this.#sql)) state.storage.transactionSync(() => migrate(this.#sql));
  }

  /** Stores a new submission; false when this one was registered before. */
  async register(row: SubmissionRow, request: SubmissionRequest): Promise<boolean> {
    const isNew = this.ctx.storage.transactionSync(() => {
      migrate(this.#sql);
      if (readSubmissionRow(this.#sql) !== undefined) return false;
      insertSubmission(this.#sql, row, request);
      insertDelivery(this.#sql);
      return true;
    });
    if (isNew) await this.#arm();
    return isNew;
  }

  /** Tells whether a token is this submission's; asked before anything that who sends a request may make large is read. */
  isAuthorized(tokenHash: string): boolean {
    return this.#authorize(tokenHash, Date.now()) !== undefined;
  }

  /** Takes events into the records, all in one transaction; undefined when the token is not this submission's. */
  async acceptEvents(tokenHash: string, events: readonly EventLine[]): Promise<EventReceipt | undefined> {
    const now = Date.now();
    if (this.#authorize(tokenHash, now) === undefined) return undefined;
    const receipt: EventReceipt = { accepted: 0, duplicates: 0, rejected: [] };
    const hasChanged = this.ctx.storage.transactionSync(() => {
      let changes = 0;
      for (const { line, event } of events) {
        const before = readRecord(this.#sql, event.job);
        if (before === undefined) {
          receipt.rejected.push({ line, message: cutText(`job: not a job of this submission: ${event.job}`) });
        } else if (noteEvent(this.#sql, event, now)) {
          receipt.accepted += 1;
          const after = step(before, event);
          if (after === before) continue;
          writeRecord(this.#sql, event.job, after);
          changes += 1;
        } else {
          receipt.duplicates += 1;
        }
      }
      if (changes > 0) noteChange(this.#sql);
      return changes > 0;
    });
    if (hasChanged) await this.#arm();
    return receipt;
  }

  /** Says where the submission stands; undefined when the token is not this submission's. */
  view(tokenHash: string): SubmissionView | undefined {
    const row = this.#authorize(tokenHash, Date.now());
    if (row === undefined) return undefined;
    const submission = readSubmission(this.#sql, row, "no texts");
    const { id, repository, headSha, lab, target, records } = submission;
    const runs = submission.runs.map((run) => {
      const { name, verdict, title, counts } = summarizeRun(submission, run.name);
      return { name, verdict, title, counts: Object.fromEntries(counts) };
    });
    const jobs = [...records].map(([job, { state, attempt, reason }]) => ({
      id: job,
      state,
      attempt,
      ...(reason !== undefined && { reason }),
    }));
    return { id, repository, headSha, lab, target, isConcluded: isConcluded(submission), runs, jobs };
  }

  /** Tells GitHub what is new. Never throws: the platform gives up on an alarm after six failures, we do not. */
  override async alarm(): Promise<void> {
    if (!hasSchema(this.#sql)) return;
    const row = readSubmissionRow(this.#sql);
    if (row === undefined || row.expires_at <= Date.now()) return;
    try {
      await this.#tell(row);
    } catch (thrown) {
      writeLog("failure", { submission: row.id, cause: describeThrown(thrown) });
      noteBlocked(this.#sql, Date.now() + BUG_DELAY_MS);
    }
    await this.#arm();
  }

  async #tell(row: SubmissionRow): Promise<void> {
    const startedAt = Date.now();
    const { revision, failures } = readDelivery(this.#sql);
    noteFlush(this.#sql, startedAt);
    // A crash below finds this alarm; on the disk, for what is read and rendered next may itself be the reason.
    await this.ctx.storage.setAlarm(planRescue(failures, startedAt));
    await this.ctx.storage.sync();
    const config = readConfig(this.env);
    this.#github ??= openAppClient(config, row.installation_id);
    const result = await flush({
      sql: this.#sql,
      github: this.#github,
      appId: Number(config.GITHUB_APP_ID),
      row,
      submission: readSubmission(this.#sql, row, "texts"),
      failures,
      now: Date.now,
    });
    if (result.retryAt === undefined) noteDelivered(this.#sql, revision);
    else noteBlocked(this.#sql, result.retryAt);
    const log = { submission: row.id, revision, ...result, ms: Date.now() - startedAt };
    writeLog("flush", log);
  }

  #authorize(tokenHash: string, now: number): SubmissionRow | undefined {
    const row = hasSchema(this.#sql) ? readSubmissionRow(this.#sql) : undefined;
    if (row === undefined || !isSameHash(row.token_hash, tokenHash) || row.expires_at <= now) return undefined;
    return row;
  }

  /** Sets the alarm to when there is something to tell; stored with the writes before it, as nothing was awaited between. */
  async #arm(): Promise<void> {
    const at = planAlarm(readDelivery(this.#sql), Date.now());
    await (at === undefined ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(at));
  }
}
