// The routes of the fake GitHub that are about people, pull requests and workflows.
import { createHash } from "node:crypto";
import type { Context, Hono } from "hono";

const HEAD_SHA = "0123456789abcdef0123456789abcdef01234567";

/** Who is who: by login the number that GitHub gives it, and what the person may do. */
const PEOPLE: ReadonlyMap<string, { readonly id: number; readonly permission: string }> = new Map([
  ["octocat", { id: 1, permission: "write" }],
  ["owner", { id: 2, permission: "admin" }],
  ["reader", { id: 3, permission: "read" }],
  // The login of a person with write access, taken over by another since.
  ["renamed", { id: 999, permission: "write" }],
]);

/** Pull request 8 is closed, 9 is at another commit than the tests' by now. */
const PULLS: ReadonlyMap<string, object> = new Map([
  ["8", { state: "closed", head: { sha: HEAD_SHA } }],
  ["9", { state: "open", head: { sha: "f".repeat(40) } }],
]);

/** Adds the routes; `write` meets a request with the next fault of its repository, or does what it is to do. */
export function addPeople(app: Hono, write: (context: Context, label: string) => Promise<Response>): void {
  addSignIn(app);
  app.get("/repos/:owner/:repo/collaborators/:login/permission", (context) => {
    const person = PEOPLE.get(context.req.param("login"));
    if (person === undefined) return context.json({ message: "Not Found" }, 404);
    return context.json({ permission: person.permission, user: { id: person.id } });
  });
  app.get("/repos/:owner/:repo/pulls/:number", (context) =>
    context.json(PULLS.get(context.req.param("number")) ?? { state: "open", head: { sha: HEAD_SHA } }),
  );
  app.post("/repos/:owner/:repo/actions/workflows/:file/dispatches", async (context) => {
    const refused = new Map([
      ["without-workflow", 404],
      ["old-workflow", 422],
    ]).get(context.req.param("repo"));
    if (refused !== undefined) return Response.json({ message: "refused" }, { status: refused });
    const { ref, inputs } = await context.req.json<{ ref: string; inputs: object }>();
    const answer = await write(context, `dispatch ${context.req.param("file")} ${ref} ${JSON.stringify(inputs)}`);
    return answer.ok ? new Response(null, { status: 204 }) : answer;
  });
}

/** Signing in: a code is `<login>.<challenge>`, a person's token `ghu_<login>`. Only the owner sees repositories named `secret`. */
function addSignIn(app: Hono): void {
  let questions = 0;
  app.post("/login/oauth/access_token", async (context) => {
    const form = new URLSearchParams(await context.req.text());
    const [login = "", challenge] = (form.get("code") ?? "").split(".");
    const verified = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isOurs = form.get("client_id") === "Iv1.tests" && form.get("client_secret") === "client-secret-of-the-tests";
    // GitHub answers 200 with an error.
    if (!isOurs || challenge !== verified || !PEOPLE.has(login))
      return context.json({ error: "bad_verification_code" });
    return context.json({ access_token: `ghu_${login}`, token_type: "bearer", expires_in: 28_800 });
  });
  app.post("/app-manifests/:code/conversions", (context) => {
    if (context.req.param("code") !== "manifest-code") return context.json({ message: "Not Found" }, 404);
    const [pem, html] = [
      "-----BEGIN RSA PRIVATE KEY-----\nkey\n-----END RSA PRIVATE KEY-----\n",
      "https://github.test/apps/repx",
    ];
    const secrets = { client_id: "Iv1.new", client_secret: "new-client-secret", webhook_secret: "new-webhook-secret" };
    return context.json({ id: 777, slug: "repx", html_url: html, pem, ...secrets }, 201);
  });
  app.get("/user", (context) => context.json({ login: readLogin(context) }));
  app.get("/control/questions", (context) => context.json({ questions }));
  app.get("/repos/:owner/:repo", (context) => {
    questions += 1;
    const { owner, repo } = context.req.param();
    const login = readLogin(context);
    if (login === "reader" && repo === "secret") return context.json({ message: "Not Found" }, 404);
    if (login === "renamed") return context.json({ message: "Bad credentials" }, 401);
    const isPrivate = !repo.startsWith("public");
    const visibility = isPrivate ? "private" : repo.endsWith("internal") ? "internal" : "public";
    const fullName = repo === "moved" ? `${owner}/elsewhere` : `${owner}/${repo}`;
    return context.json({
      full_name: fullName,
      default_branch: "main",
      private: isPrivate,
      ...(repo !== "old-server" && { visibility }),
    });
  });
}

function readLogin(context: Context): string {
  return /ghu_(\w+)/.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
}
