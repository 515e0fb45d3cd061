import { readConfig } from "../config.ts";
import { HookDeliveryList, readAnswer } from "../github/answers.ts";
import { openAppClient } from "../github/app-client.ts";
import { describeThrown, writeLog } from "../log.ts";
import { planRedeliveries, type Delivery } from "./plan-redeliveries.ts";

const PAGE_SIZE = 100;
/** A thousand tries; a busier App than that has a coordinator that is looked after. */
const MAX_PAGES = 10;

/** Asks GitHub to send again what did not arrive; it does not do so by itself. Nothing is missed by a failure here but a day. */
export async function redeliverWebhooks(env: Cloudflare.Env, now: number): Promise<void> {
  const github = openAppClient(readConfig(env));
  const deliveries: Delivery[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { data, headers } = await github.rest.apps.listWebhookDeliveries({
      per_page: PAGE_SIZE,
      ...(cursor !== undefined && { cursor }),
    });
    for (const { id, guid, delivered_at: deliveredAt, status_code: statusCode } of readAnswer(
      HookDeliveryList,
      data,
      "a list of deliveries",
    )) {
      deliveries.push({ id, guid, deliveredAt, statusCode });
    }
    cursor = readCursor(headers.link);
    if (cursor === undefined) break;
  }
  const planned = planRedeliveries(deliveries, now);
  let failed = 0;
  for (const id of planned) {
    await github.rest.apps.redeliverWebhookDelivery({ delivery_id: id }).catch((thrown: unknown) => {
      failed += 1;
      writeLog("failure", { item: `delivery ${id}`, cause: describeThrown(thrown) });
    });
  }
  writeLog("redelivery", { looked: deliveries.length, asked: planned.length - failed, failed });
}

/** The list has no numbered pages: its `Link` header names the next one by a cursor. */
function readCursor(link: string | undefined): string | undefined {
  const next = /<([^>]+)>; *rel="next"/.exec(link ?? "")?.[1];
  return next === undefined || !URL.canParse(next)
    ? undefined
    : (new URL(next).searchParams.get("cursor") ?? undefined);
}
