// What a stranger, a broken client or a scanner may send to any route.
import * as fc from "fast-check";
import { event, jobId, submissionBody } from "./coordinator.fixture.ts";

/** A request before it has a host, an id or a real token. */
export interface Strange {
  readonly method: string;
  /** What stands in for a parameter of the path; undefined is what belongs there. */
  readonly parameter: string | undefined;
  readonly query: string;
  /** `own` is the submission's token, `identity` a workflow's, `good` the one that the route asks for. */
  readonly token: "none" | "own" | "identity" | "good" | { readonly header: string };
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const ODD_PARAMETERS = [
  "..",
  "%2e%2e%2f%2e%2e",
  "%00",
  "%ff%fe",
  "s".repeat(20_000),
  `s${"0".repeat(25)}`,
  "__proto__",
  "constructor",
  "'; DROP TABLE job; --",
  "<script>alert(1)</script>",
  "💥",
  "%",
  " ",
];

/** Text that a header may hold: visible ASCII. */
const headerText = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)) });

const headers = fc.record(
  {
    "content-type": fc.constantFrom("application/json", "text/plain", "multipart/form-data", "application/x-ndjson;;"),
    accept: fc.constantFrom("text/html", "application/json", "*/*;q=nothing", "image/png"),
    cookie: headerText.map((text) => `session=${text}`),
    "if-none-match": headerText,
    "x-forwarded-host": fc.constant("elsewhere.example"),
    "x-github-delivery": headerText,
    "x-github-event": fc.constantFrom("check_run", "check_suite", "pull_request", "ping", "nothing"),
    "x-hub-signature-256": fc.constantFrom("sha256=00", `sha256=${"0".repeat(64)}`, "md5=1", ""),
    "last-event-id": headerText,
  },
  { requiredKeys: [] },
);

/** A good text with some characters cut out, doubled or replaced. */
function spoil(text: string): fc.Arbitrary<string> {
  const place = fc.integer({ min: 0, max: text.length });
  const filling = fc.oneof(fc.string(), fc.constantFrom("null", "-1e999", "[]", "{}", '"', "\\ud800", "1".repeat(400)));
  return fc
    .tuple(place, fc.nat(40), filling)
    .map(([at, length, put]) => text.slice(0, at) + put + text.slice(at + length));
}

/** A good value in which one field, anywhere, holds something else. */
function replaceField(value: unknown): fc.Arbitrary<string> {
  const paths = listPaths(value);
  return fc.tuple(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 })).map(([path, other]) => {
    const copy: unknown = structuredClone(value);
    let at: unknown = copy;
    for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
    Reflect.set(Object(at), path.at(-1) ?? "", other);
    return JSON.stringify(copy);
  });
}

function listPaths(value: unknown, before: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...before, key], ...listPaths(inner, [...before, key])]);
}

const registration = submissionBody(3);
const lines = [event(1), event(2, { state: "FAILED", logTail: "no grid" }), event(3, { state: "RUNNING" })];
const batch = lines.map((line) => JSON.stringify(line)).join("\n");
const eventLine = fc.oneof(
  fc.constantFrom(...lines.map((line) => JSON.stringify(line))),
  fc.constantFrom(...lines).chain(replaceField),
  fc.json(),
  fc.string(),
  fc.constant(`{"__proto__": {"state": "COMPLETED"}, "job": "${jobId(1)}"}`),
);

/** Whole and right but for one place, which is deeper than anybody can walk. */
const deep = [2_000, 200_000].map((depth) =>
  registration.replace('"parameters":{}', `"parameters":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`),
);

const bodies = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.constantFrom(registration, batch, "", "{}", "[]", "null", "0", '"text"') },
  { weight: 4, arbitrary: replaceField(JSON.parse(registration)) },
  { weight: 3, arbitrary: spoil(registration) },
  { weight: 3, arbitrary: fc.array(eventLine, { maxLength: 30 }).map((all) => all.join("\n")) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 6 }) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(...deep) },
  { weight: 1, arbitrary: fc.constantFrom("[".repeat(50_000), `{"a":`.repeat(20_000), "\n".repeat(3000)) },
  { weight: 1, arbitrary: fc.constantFrom("x", "\0", "é", "0\n").map((text) => text.repeat(2_100_000 / text.length)) },
);

/** Any request to a route of this method. */
export function makeStrange(method: string): fc.Arbitrary<Strange> {
  return fc.record({
    method: fc.oneof(
      { weight: 6, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
    ),
    parameter: fc.oneof(
      { weight: 8, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constantFrom(...ODD_PARAMETERS) },
      { weight: 1, arbitrary: fc.webPath() },
    ),
    query: fc.oneof(
      fc.constant(""),
      fc.webQueryParameters().map((text) => `?${text}`),
    ),
    token: fc.oneof(
      { weight: 6, arbitrary: fc.constant("good") },
      { weight: 1, arbitrary: fc.constantFrom("none", "own", "identity") },
      { weight: 1, arbitrary: headerText.map((text) => ({ header: `Bearer ${text}` })) },
      {
        weight: 1,
        arbitrary: fc.constantFrom("Basic YTpi", "Bearer", "Bearer a.b.c", "bearer  , ,").map((header) => ({ header })),
      },
    ),
    // Rarely: workerd makes a GET of whatever asks for a socket.
    headers: fc.oneof(
      { weight: 20, arbitrary: headers },
      { weight: 1, arbitrary: fc.constant({ upgrade: "websocket", connection: "upgrade" }) },
    ),
    body: bodies,
  });
}
