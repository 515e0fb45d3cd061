import { DurableObject } from "cloudflare:workers";
import { CREATE, UPDATE } from "../budget/spending.ts";
import { readConfig } from "../config.ts";
import { openAppClient } from "../github/app-client.ts";
import { readFailure, readStatus } from "../github/failure.ts";
import { describeThrown, writeLog } from "../log.ts";
import { migrate } from "../migrate.ts";
import { hasSchema } from "../schema.ts";
import { carryOut } from "./carry-out.ts";
import type { Errand } from "./errand.ts";
import { groupTasks, planTry, type TaskGroup } from "./plan-tasks.ts";
import type { AnyWork, TaskPlace } from "./task.ts";
import {
  delayTasks,
  deleteTask,
  insertTask,
  noteWebhook,
  postponeTask,
  readDueTasks,
  readNextDue,
  WEBHOOK_STEPS,
} from "./webhook-store.ts";

/** Several presses in a moment (`Re-run failed checks` is one a check) make one workflow run. */
const GATHER_MS = 1_500;
/** When to look again should carrying out end without a word. */
const RESCUE_MS = 120_000;

/** The webhooks of one repository: what they ask for is stored before GitHub is answered, and done after. */
export class WebhookObject extends DurableObject {
  readonly #sql: SqlStorage;
  /** Who may write, for a minute. */
  readonly #permissions: Errand["permissions"] = new Map();
  #turn: Promise<void> = Promise.resolve();

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    if (hasSchema(this.#sql)) state.storage.transactionSync(() => migrate(this.#sql, WEBHOOK_STEPS));
  }

  /** Stores what a delivery asks for; false when that delivery came before. */
  async accept(id: string, place: TaskPlace, work: AnyWork): Promise<boolean> {
    const now = Date.now();
    const isNew = this.ctx.storage.transactionSync(() => {
      migrate(this.#sql, WEBHOOK_STEPS);
      if (!noteWebhook(this.#sql, id, now)) return false;
      insertTask(this.#sql, { id, place, work, at: now, tries: 0 }, now + (work.kind === "rerun" ? GATHER_MS : 0));
      return true;
    });
    if (isNew) await this.#arm();
    return isNew;
  }

  /** Does what is due, one round after the other: two at once would ask for the same workflow twice. */
  override async alarm(): Promise<void> {
    this.#turn = this.#turn.then(async () => this.#takeAll());
    await this.#turn;
  }

  /** Never throws: the platform gives up on an alarm after six failures, we do not. */
  async #takeAll(): Promise<void> {
    if (!hasSchema(this.#sql)) return;
    // A crash below finds this alarm.
    await this.ctx.storage.setAlarm(Date.now() + RESCUE_MS);
    await this.ctx.storage.sync();
    for (const group of groupTasks(readDueTasks(this.#sql, Date.now()))) await this.#take(group);
    await this.#arm();
  }

  async #take(group: TaskGroup): Promise<void> {
    const { place, kind, tries } = group;
    const startedAt = Date.now();
    const budget = this.env.BUDGETS.getByName(String(place.installationId));
    const waitUntil = await budget.spend(kind === "show-approval" ? CREATE : UPDATE, "created");
    if (waitUntil !== undefined) return delayTasks(this.#sql, group.ids, waitUntil);
    let [outcome, reason]: [string, string | undefined] = ["done", undefined];
    try {
      const config = readConfig(this.env);
      const github = openAppClient(config, place.installationId);
      const result = await carryOut(
        {
          sql: this.#sql,
          env: this.env,
          appId: Number(config.GITHUB_APP_ID),
          github,
          permissions: this.#permissions,
          now: Date.now,
        },
        group,
      );
      [outcome, reason] = [result.outcome, result.reason];
      this.#settle(group, result.retryAt);
    } catch (thrown) {
      const failure = readFailure(thrown, tries, Date.now());
      [outcome, reason] = [failure.kind, failure.reason];
      if (readStatus(thrown) === undefined) writeLog("failure", { cause: describeThrown(thrown) });
      if (failure.kind === "later" && failure.isLimit) await budget.block(failure.at);
      this.#settle(group, planTry(failure, tries));
    }
    const { repository } = place;
    writeLog("task", { repository, task: kind, tasks: group.ids.length, outcome, reason, ms: Date.now() - startedAt });
  }

  #settle(group: TaskGroup, retryAt: number | undefined): void {
    this.ctx.storage.transactionSync(() => {
      for (const id of group.ids) {
        if (retryAt === undefined) deleteTask(this.#sql, id);
        else postponeTask(this.#sql, id, retryAt);
      }
    });
  }

  async #arm(): Promise<void> {
    const at = readNextDue(this.#sql);
    await (at === undefined ? this.ctx.storage.deleteAlarm() : this.ctx.storage.setAlarm(at));
  }
}
