import { DurableObject } from "cloudflare:workers";
import { migrate } from "../migrate.ts";
import { HOUR_MS, MINUTE_MS, planSpending, type Cost, type Spent, type Urgency } from "./spending.ts";

/** Numbered steps; one that was once released is never edited. */
const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE spent (at INTEGER NOT NULL, creates INTEGER NOT NULL, points INTEGER NOT NULL);
CREATE INDEX spent_at ON spent (at);
CREATE TABLE block (until INTEGER NOT NULL);
  `,
];

/** What one installation of the App asks of GitHub, over all its submissions. Holds no rules: those are in `spending.ts`. */
export class BudgetObject extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Cloudflare.Env) {
    super(state, env);
    this.#sql = state.storage.sql;
    state.storage.transactionSync(() => migrate(this.#sql, MIGRATIONS));
  }

  /** Takes leave for a call: undefined when it may be made now, else when to ask again, in milliseconds since 1970. */
  spend(cost: Cost, urgency: Urgency): number | undefined {
    const now = Date.now();
    const blockedUntil = this.#sql.exec<{ until: number }>("SELECT until FROM block").toArray()[0]?.until ?? 0;
    if (blockedUntil > now) return blockedUntil;
    // What created nothing counts for a minute alone.
    this.#sql.exec("DELETE FROM spent WHERE at <= ? OR (creates = 0 AND at <= ?)", now - HOUR_MS, now - MINUTE_MS);
    const spent = this.#sql.exec<Spent & Record<string, number>>("SELECT at, creates, points FROM spent").toArray();
    const at = planSpending(spent, cost, urgency, now);
    if (at > now) return at;
    this.#sql.exec("INSERT INTO spent VALUES (?, ?, ?)", now, cost.creates, cost.points);
    return undefined;
  }

  /** Notes that GitHub has refused a call for its limits: none is made before `until`. */
  block(until: number): void {
    const [row] = this.#sql.exec<{ until: number }>("SELECT until FROM block").toArray();
    if (row === undefined) this.#sql.exec("INSERT INTO block VALUES (?)", until);
    else this.#sql.exec("UPDATE block SET until = MAX(until, ?)", until);
  }
}
