// What the emulator does not have: dispatches, an App made from a manifest, deliveries of webhooks, the end of a token.
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { GitHubApp } from "./github-seed.ts";
import type { Bearer } from "./github-rules-tokens.ts";
import { type RulesAnswer, type RulesRequest, renderJson, renderRefusal } from "./github-rules-request.ts";

/** A `repository_dispatch`, or a `workflow_dispatch` with the name of its workflow. */
export interface Dispatch {
  readonly repository: string;
  readonly workflow?: string;
  readonly body: unknown;
  readonly at: number;
}

/** A webhook that GitHub sent, as its list of deliveries has it. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  /** What the receiver answered. */
  readonly status_code: number;
  readonly delivered_at: string;
}

/** One request, with what is known of it already. */
export interface AppRequest {
  readonly request: RulesRequest;
  readonly operation: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly json: unknown;
  readonly bearer: Bearer | undefined;
}

export interface AppRules {
  readonly dispatches: readonly Dispatch[];
  /** Ids of the deliveries that were asked for again. */
  readonly redelivered: readonly number[];
  addDelivery(delivery: Delivery): void;
  /** Answers in the emulator's place; undefined when that has the operation itself. */
  answer(asked: AppRequest): RulesAnswer | undefined;
  /** What the form of a manifest is posted to: answers with the way back to who asked, with a code. */
  takeManifest(request: RulesRequest): RulesAnswer;
}

const Manifest = z.looseObject({
  name: z.string().max(34).optional(),
  url: z.url(),
  hook_attributes: z.looseObject({ url: z.url() }).optional(),
  redirect_url: z.url(),
  callback_urls: z.array(z.url()).max(10).optional(),
  setup_url: z.url().optional(),
  public: z.boolean().optional(),
  default_events: z.array(z.string()).optional(),
  default_permissions: z.record(z.string(), z.enum(["read", "write", "admin"])).optional(),
});
type Manifest = z.infer<typeof Manifest>;

/** "The temporary code ... within one hour" (docs.github.com, "Registering a GitHub App from a manifest"). */
const CODE_LIFE_MS = 3_600_000;

/** Opens these parts of GitHub; a manifest gives the one App that the emulator knows. */
export function openAppRules(app: GitHubApp, serverUrl: string, now: () => number): AppRules {
  const dispatches: Dispatch[] = [];
  const deliveries: Delivery[] = [];
  const redelivered: number[] = [];
  const manifests = new Map<string, { readonly manifest: Manifest; readonly until: number }>();
  const dispatch = (asked: AppRequest, permission: string, workflow?: string): RulesAnswer => {
    const { bearer, parameters, json: body } = asked;
    if (bearer?.kind === "installation" && bearer.permissions[permission] !== "write") {
      return renderRefusal(403, "Resource not accessible by integration");
    }
    const repository = `${parameters["owner"]}/${parameters["repo"]}`;
    dispatches.push({ repository, ...(workflow !== undefined && { workflow }), body, at: now() });
    return { status: 204, headers: {}, body: "" };
  };
  const convert = (code: string): RulesAnswer => {
    const found = manifests.get(code);
    if (found === undefined || found.until <= now()) return renderRefusal(404, "Not Found");
    // A code is good once.
    manifests.delete(code);
    return renderJson(201, renderApp(app, found.manifest, serverUrl));
  };
  return {
    dispatches,
    redelivered,
    addDelivery: (delivery) => deliveries.unshift(delivery),
    answer: (asked) => {
      const { operation, parameters, request, bearer } = asked;
      if (operation === "repos/create-dispatch-event") return dispatch(asked, "contents");
      if (operation === "actions/create-workflow-dispatch")
        return dispatch(asked, "actions", parameters["workflow_id"]);
      if (operation === "apps/create-from-manifest") return convert(parameters["code"] ?? "");
      if (operation === "apps/revoke-installation-access-token") return { status: 204, headers: {}, body: "" };
      if (!operation.includes("webhook-deliver")) return undefined;
      if (bearer?.kind !== "app") return renderRefusal(401, "A JSON web token could not be decoded");
      if (operation === "apps/list-webhook-deliveries") return listDeliveries(deliveries, request.query);
      redelivered.push(Number(parameters["delivery_id"]));
      return renderJson(202, {});
    },
    takeManifest: ({ body, query }) => {
      const text = new URLSearchParams(body.toString()).get("manifest");
      const manifest = Manifest.safeParse(text === null ? undefined : JSON.parse(text));
      if (!manifest.success)
        return renderRefusal(422, "Invalid GitHub App configuration", { errors: [manifest.error.message] });
      const code = randomBytes(20).toString("hex");
      manifests.set(code, { manifest: manifest.data, until: now() + CODE_LIFE_MS });
      const back = new URL(manifest.data.redirect_url);
      back.searchParams.set("code", code);
      back.searchParams.set("state", query.get("state") ?? "");
      return { status: 302, headers: { location: back.href }, body: "" };
    },
  };
}

function renderApp(app: GitHubApp, manifest: Manifest, serverUrl: string): object {
  return {
    id: app.id,
    slug: app.slug,
    node_id: "A_harness",
    client_id: `Iv23harness${app.id}`,
    client_secret: randomBytes(20).toString("hex"),
    webhook_secret: manifest.hook_attributes === undefined ? null : randomBytes(20).toString("hex"),
    pem: app.privateKey,
    owner: { login: "octocat", id: 1, type: "User" },
    name: manifest.name ?? "RepX",
    description: null,
    external_url: manifest.url,
    html_url: `${serverUrl}/apps/${app.slug}`,
    permissions: manifest.default_permissions ?? {},
    events: manifest.default_events ?? [],
    created_at: new Date(0).toISOString(),
    updated_at: new Date(0).toISOString(),
  };
}

/** Newest first, in pages that a cursor leads to. */
function listDeliveries(all: readonly Delivery[], query: URLSearchParams): RulesAnswer {
  const [size, from] = [Number(query.get("per_page") ?? 30), Number((query.get("cursor") ?? "v0").slice(1))];
  const link =
    from + size < all.length ? `</app/hook/deliveries?cursor=v${from + size}&per_page=${size}>; rel="next"` : undefined;
  const page = all.slice(from, from + size).map((one) => ({ ...one, redelivery: false, duration: 0.1, status: "" }));
  return renderJson(200, page, link === undefined ? {} : { link });
}
