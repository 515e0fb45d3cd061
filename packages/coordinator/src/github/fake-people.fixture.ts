// The routes of the fake GitHub that are about people, pull requests and workflows.
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
  app.get("/repos/:owner/:repo", (context) => context.json({ default_branch: "main" }));
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
