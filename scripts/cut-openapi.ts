// Cuts GitHub's own description of its REST API to what the tests' GitHub checks requests against:
//   npm pack @octokit/openapi@23.0.2 && tar xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
//   node scripts/cut-openapi.ts package/generated/api.github.com.json && npx oxfmt test/harness/github-openapi.json
// The package is 385 MB unpacked, so it is no dependency; what is cut is committed as test/harness/github-openapi.json.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const TARGET = join(import.meta.dirname, "../test/harness/github-openapi.json");

/** What the product calls, and what it may call next. */
const OPERATIONS: readonly string[] = [
  "actions/create-workflow-dispatch",
  "apps/create-from-manifest",
  "apps/create-installation-access-token",
  "apps/get-authenticated",
  "apps/get-installation",
  "apps/get-repo-installation",
  "apps/list-installations",
  "apps/list-installation-repos-for-authenticated-user",
  "apps/list-installations-for-authenticated-user",
  "apps/list-repos-accessible-to-installation",
  "apps/list-webhook-deliveries",
  "apps/redeliver-webhook-delivery",
  "apps/revoke-installation-access-token",
  "checks/create",
  "checks/create-suite",
  "checks/get",
  "checks/list-annotations",
  "checks/list-for-ref",
  "checks/list-for-suite",
  "checks/list-suites-for-ref",
  "checks/rerequest-run",
  "checks/update",
  "git/get-commit",
  "issues/create-comment",
  "issues/delete-comment",
  "issues/get-comment",
  "issues/list-comments",
  "issues/update-comment",
  "pulls/get",
  "pulls/list",
  "rate-limit/get",
  "repos/create-dispatch-event",
  "repos/get",
  "repos/get-collaborator-permission-level",
  "repos/get-commit",
  "repos/get-content",
  "repos/list-pull-requests-associated-with-commit",
  "users/get-authenticated",
];

/** Words for people, and what only answers have; a request is right or wrong without them. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "description",
  "example",
  "examples",
  "externalDocs",
  "operationId",
  "responses",
  "summary",
  "tags",
  "title",
  "callbacks",
  "x-github",
  "x-github-breaking-changes",
  "x-multi-segment",
]);

const Tree = z.record(z.string(), z.unknown());
const Description = z.looseObject({
  openapi: z.string(),
  info: z.looseObject({ version: z.string(), license: z.unknown() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), Tree),
});
const Operation = z.looseObject({ operationId: z.string() });

/** Copies a part of the description without what is left out, and notes what it refers to. */
function copy(value: unknown, refs: Set<string>, isNaming = false): unknown {
  if (Array.isArray(value)) return value.map((one) => copy(one, refs));
  const tree = Tree.safeParse(value).data;
  if (tree === undefined) return value;
  const copied: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(tree)) {
    // Below `properties` the keys are names of fields, and one may be called `title`.
    if (!isNaming && LEFT_OUT.has(key)) continue;
    if (key === "$ref" && typeof inner === "string") refs.add(inner);
    copied[key] = copy(inner, refs, key === "properties" && !isNaming);
  }
  return copied;
}

function cut(description: z.infer<typeof Description>): object {
  const wanted = new Set(OPERATIONS);
  const refs = new Set<string>();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, value] of Object.entries(item)) {
      const id = Operation.safeParse(value).data?.operationId;
      if (id === undefined || !wanted.delete(id)) continue;
      paths[path] = { ...paths[path], [method]: { operationId: id, ...Tree.parse(copy(value, refs)) } };
    }
  }
  if (wanted.size > 0) throw new Error(`GitHub's description has no ${[...wanted].join(", ")}`);
  const components: Record<string, Record<string, unknown>> = {};
  // What is referred to may refer to more: the set grows while it is walked.
  for (const ref of refs) {
    const [kind = "", name = ""] = ref.split("/").slice(2);
    components[kind] = { ...components[kind], [name]: copy(description.components[kind]?.[name], refs) };
  }
  const { version, license } = description.info;
  const source = "https://github.com/github/rest-api-description, from npm: @octokit/openapi 23.0.2";
  return { openapi: description.openapi, info: { version, license, source }, paths, components };
}

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("which file? See the first lines of scripts/cut-openapi.ts");
const text = JSON.stringify(cut(Description.parse(JSON.parse(await readFile(file, "utf8")))));
await writeFile(TARGET, `${text}\n`);
process.stdout.write(`${TARGET}: ${OPERATIONS.length} operations, ${Buffer.byteLength(text)} bytes\n`);
