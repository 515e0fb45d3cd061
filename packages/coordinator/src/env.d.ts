import type { BudgetObject } from "./budget/budget-object.ts";
import type { RepositoryObject } from "./repository/repository-object.ts";
import type { SubmissionObject } from "./submission-object.ts";
import type { WebhookObject } from "./webhook/webhook-object.ts";
import type * as worker from "./worker.ts";

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      mainModule: typeof worker;
    }
    /** What the runtime hands over: the objects, and variables that only `readConfig` reads. */
    interface Env {
      SUBMISSIONS: DurableObjectNamespace<SubmissionObject>;
      REPOSITORIES: DurableObjectNamespace<RepositoryObject>;
      FILES: R2Bucket;
      BUDGETS: DurableObjectNamespace<BudgetObject>;
      WEBHOOKS: DurableObjectNamespace<WebhookObject>;
      COORDINATOR_ORIGIN?: string;
      GITHUB_API_URL?: string;
      GITHUB_SERVER_URL?: string;
      OIDC_ISSUER?: string;
      GITHUB_APP_ID?: string;
      GITHUB_APP_PRIVATE_KEY?: string;
      GITHUB_WEBHOOK_SECRET?: string;
      GITHUB_APP_CLIENT_ID?: string;
      GITHUB_APP_CLIENT_SECRET?: string;
      SESSION_SECRET?: string;
      EVENT_REQUESTS_PER_MINUTE?: string;
      SETUP_TOKEN?: string;
      PUBLIC_BOARD?: string;
    }
  }
}
