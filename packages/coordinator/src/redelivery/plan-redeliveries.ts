/** One try to deliver a webhook, as GitHub lists it; the tries of one event share a `guid`. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  /** ISO 8601. */
  readonly deliveredAt: string;
  readonly statusCode: number;
}

/** GitHub redelivers what is at most three days old (docs.github.com, "Redelivering webhooks"). */
const MAX_AGE_MS = 3 * 24 * 3_600_000;
const MAX_REDELIVERIES = 100;

/** Picks the tries to repeat, oldest first: the last one of every event that none has brought to us. */
export function planRedeliveries(deliveries: readonly Delivery[], now: number): number[] {
  const arrived = new Set(deliveries.filter(({ statusCode }) => isSuccess(statusCode)).map(({ guid }) => guid));
  const last = new Map<string, Delivery>();
  for (const delivery of deliveries) {
    const age = now - Date.parse(delivery.deliveredAt);
    if (arrived.has(delivery.guid) || !(age < MAX_AGE_MS)) continue;
    const known = last.get(delivery.guid);
    if (known === undefined || delivery.id > known.id) last.set(delivery.guid, delivery);
  }
  return [...last.values()]
    .map(({ id }) => id)
    .toSorted((left, right) => left - right)
    .slice(0, MAX_REDELIVERIES);
}

function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}
