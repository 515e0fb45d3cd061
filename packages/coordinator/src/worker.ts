import { app } from "./app.ts";
import { redeliverWebhooks } from "./redelivery/redeliver.ts";

export { BudgetObject } from "./budget/budget-object.ts";
export { RepositoryObject } from "./repository/repository-object.ts";
export { SubmissionObject } from "./submission-object.ts";
export { WebhookObject } from "./webhook/webhook-object.ts";
export default {
  fetch: app.fetch,
  scheduled: async (event: Pick<ScheduledController, "scheduledTime">, env: Cloudflare.Env) =>
    redeliverWebhooks(env, event.scheduledTime),
};
