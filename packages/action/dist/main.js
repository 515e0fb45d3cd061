import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  COMMENT_MARKER,
  CommitSha,
  LabHash,
  _enum,
  array,
  cancelSubmissions,
  followOnTarget,
  followSubmission,
  int,
  isCommentWanted,
  isConcluded,
  isFinal,
  isSuccess,
  literal,
  looseObject,
  nameCommand,
  object,
  openHost,
  openSubmission,
  pullResults,
  reachTarget,
  readFollowing,
  readInputs,
  readJobWords,
  readRoute,
  reconcileSubmissions,
  renderBytes,
  renderCheck,
  renderCode,
  renderComment,
  renderRows,
  renderSummary,
  renderVerdicts,
  stopWith,
  string,
  submitExperiment,
  summarizeRun,
  tuple,
  union
} from "./chunk-ML437NAI.js";
import {
  RepxError,
  __callDispose,
  __using
} from "./chunk-WYDBFK5T.js";

// src/main.ts
import { fileURLToPath as fileURLToPath2 } from "node:url";

// src/commit.ts
var PullRequestEvent = object({
  pull_request: object({ number: int().positive(), head: object({ sha: CommitSha }) })
});
var Repository = object({ full_name: string() });
var ForkEvent = object({
  pull_request: object({ head: object({ repo: Repository.nullish() }), base: object({ repo: Repository }) })
});
function readCommit(event, given) {
  const { repository } = event;
  if (event.name === "pull_request" || event.name === "pull_request_target") {
    const parsed = PullRequestEvent.safeParse(event.payload);
    if (!parsed.success) {
      throw new RepxError("INPUT_INVALID", `the event \`${event.name}\` names no pull request`, {
        hint: "Run the Action on `pull_request`, `push` or `workflow_dispatch`.",
        cause: parsed.error
      });
    }
    const { number, head } = parsed.data.pull_request;
    refuseOther("head-sha", given.headSha, head.sha);
    refuseOther("pull-request", given.pullRequest, number);
    return { headSha: head.sha, pullRequest: number, repository };
  }
  const sha = CommitSha.safeParse(given.headSha ?? event.sha);
  if (sha.success) return { headSha: sha.data, pullRequest: given.pullRequest, repository };
  throw new RepxError("INPUT_INVALID", `GITHUB_SHA is not a commit: ${event.sha}`, {
    hint: "Run the Action in a workflow of GitHub Actions."
  });
}
function findPullRequest(event, given) {
  return given.pullRequest ?? PullRequestEvent.safeParse(event.payload).data?.pull_request.number;
}
function isFork(event) {
  const pull = ForkEvent.safeParse(event.payload).data?.pull_request;
  return pull !== void 0 && pull.head.repo?.full_name !== pull.base.repo.full_name;
}
function refuseOther(name, given, own) {
  if (given === void 0 || given === own) return;
  throw new RepxError("INPUT_INVALID", `the input \`${name}\` is ${given}, and the event's pull request has ${own}`, {
    hint: `Leave \`${name}\` out on \`pull_request\`: it is for workflows that are dispatched.`
  });
}

// src/commands/cancel.ts
async function runCancel(call) {
  var _stack = [];
  try {
    const { host: host2, reporter, route } = call;
    const choice = readChoice(call);
    reporter.start("connect");
    const reached = __using(_stack, await reachTarget(route), true);
    const { target, transport } = reached;
    reporter.finish("connect", `to ${transport.description}`);
    const ends = await cancelSubmissions(transport, target.basePath, choice);
    const rows = ends.map(
      (end) => "error" in end ? [end.id, `not cancelled: ${end.error.message}`] : [end.status.id, describeEnd(end.cancelled, end.kept)]
    );
    for (const [id, text] of rows) host2.printLine(`${id}: ${text}`);
    if (rows.length === 0) host2.printLine("nothing to cancel: no open submission is meant");
    host2.setOutput("target", target.name);
    host2.setOutput("submissions", rows.map(([id]) => id).join(" "));
    host2.setOutput(
      "cancelled",
      ends.reduce((sum, end) => sum + ("error" in end ? 0 : end.cancelled), 0)
    );
    const whose = choice.pullRequest === void 0 ? "" : ` of pull request ${choice.pullRequest.number}`;
    const head = `Cancelled ${rows.length} submissions${whose} on ${renderCode(target.name)}.`;
    await host2.appendSummary(renderRows(head, ["submission", "what became of it"], rows));
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function describeEnd(cancelled, kept) {
  const told = cancelled === 0 ? "all its jobs had ended" : `${cancelled} jobs cancelled`;
  return kept === 0 ? told : `${told}, ${kept} stay: another submission waits for them`;
}
function readChoice({ host: host2, inputs }) {
  if (inputs.submission.length > 0) return { beginnings: inputs.submission };
  const number = findPullRequest(host2.event, inputs);
  if (number !== void 0) return { beginnings: [], pullRequest: { repository: host2.event.repository, number } };
  throw new RepxError("INPUT_MISSING", "`command: cancel` is told neither `submission` nor `pull-request`", {
    hint: "Name what to cancel: `submission: ${{ inputs.submission }}`, or run on `pull_request: { types: [closed] }`."
  });
}

// ../core/src/gc/collect-garbage.ts
import { readFile } from "node:fs/promises";
import { join } from "node:path";

// ../core/src/gc/gc-report.ts
var Place = string().regex(/^[0-9A-Za-z._+?=-]+(?:\/[0-9A-Za-z._+?=-]+)+$/);
var STATES = ["pinned", "newest", "young", "sending", "open", "foreign", "passed"];
var Line = union([
  tuple([literal("root"), _enum(["auto", "pinned"]), string(), string(), LabHash, _enum(STATES)]),
  tuple([_enum(["open", "blocked"]), string(), string()]),
  tuple([
    literal("free"),
    Place,
    string().regex(/^\d{1,18}$/).transform(Number)
  ]),
  tuple([_enum(["foreign", "left", "back"]), Place]),
  tuple([literal("rootless")]),
  tuple([literal("end")])
]);
function parseGcReport(text) {
  const lines = text.split("\n").slice(0, -1);
  const parsed = lines.map((line) => Line.safeParse(line.split("	")));
  if (lines.at(-1) !== "end" || parsed.some(({ success }) => !success)) return void 0;
  const rows = parsed.flatMap(({ data }) => data === void 0 ? [] : [data]);
  const pick = (word) => rows.flatMap((row) => row[0] === word && row[1] !== void 0 ? [row[1]] : []);
  return {
    isRootless: rows.some(([word]) => word === "rootless"),
    roots: rows.flatMap((row) => row[0] === "root" ? [readRoot(row)] : []),
    open: pick("open"),
    blocked: pick("blocked"),
    freed: rows.flatMap((row) => row[0] === "free" ? [{ place: row[1], bytes: row[2] }] : []),
    foreign: pick("foreign"),
    left: pick("left"),
    putBack: pick("back")
  };
}
function readRoot([, kind, name, stamp, lab, state]) {
  const at = stamp.replace(/^(\d{4}-\d\d-\d\d)_(\d\d)-(\d\d)-(\d\d)$/, "$1T$2:$3:$4Z");
  return { kind, name, ...kind === "auto" ? { at } : {}, lab, state };
}
var KINDS = [
  ["store paths", "artifacts/store/"],
  ["jobs", "artifacts/jobs/"],
  ["outputs", "outputs/"],
  ["image layers", "artifacts/images/layers/"],
  ["images", "artifacts/images/"],
  ["host tools", "host-tools/"],
  ["programs", "bin/"],
  ["metadata", "artifacts/labs/"],
  ["submissions", "submissions/"]
];
function countFreed(freed) {
  const groups = Map.groupBy(freed, ({ place }) => KINDS.find(([, prefix]) => place.startsWith(prefix))?.[0]);
  return KINDS.flatMap(([kind]) => {
    const group = groups.get(kind) ?? [];
    const bytes = group.reduce((sum, one) => sum + one.bytes, 0);
    return group.length === 0 ? [] : [{ kind, count: group.length, bytes }];
  });
}

// ../core/src/gc/collect-garbage.ts
var PROGRAMS = join(import.meta.dirname, "../../target");
var DAYS = 14;
var DEADLINE_SECONDS = 24 * 3600;
var EXITS = { rootUnreadable: 65, noBasePath: 66, busy: 75, denied: 77 };
async function collectGarbage(transport, request) {
  const { basePath, isDryRun, isPinnedOnly, days = DAYS } = request;
  const words = [isDryRun ? "look" : "collect", isPinnedOnly ? "pinned-only" : "auto", String(days)];
  return runProgram(transport, basePath, words, { deadlineSeconds: DEADLINE_SECONDS, programs: request.programs });
}
async function runProgram(transport, basePath, words, {
  deadlineSeconds,
  programs = PROGRAMS
}) {
  const program = await readFile(join(programs, "repx-gc"), "utf8");
  const argv = ["sh", "-c", program, "repx-gc", basePath, ...words];
  const output = await transport.run({ argv, deadlineSeconds });
  const report = output.exitCode === 0 ? parseGcReport(output.stdout) : void 0;
  if (report === void 0) throw explainEnd(output, { basePath, description: transport.description });
  return report;
}
function explainEnd(output, where) {
  const said = output.stderr.trim().split("\n").at(-1)?.replace(/^repx-gc: /, "") ?? "";
  const fail = (code, hint) => new RepxError(code, `${said} (on ${where.description})`, { hint, details: output });
  switch (output.exitCode) {
    case EXITS.busy:
      return fail("GC_BUSY", "Wait until it is done. One that was killed is found out, on another host after a day.");
    case EXITS.rootUnreadable:
      return fail(
        "GC_ROOT_UNREADABLE",
        "Look at the file. If it is a link of RepX 0.5, or the half of a root, remove it and submit its Lab again."
      );
    case EXITS.denied:
    case EXITS.noBasePath:
      return fail("SYNC_BASE_PATH_NOT_WRITABLE", "See whose the folder is (`ls -ld`), and base_path in config.toml.");
    default: {
      const how = said === "" ? `ended with ${output.signal ?? output.exitCode}` : said;
      return new RepxError(
        "SSH_COMMAND_FAILED",
        `\`${nameCommand(["repx-gc", where.basePath])}\` on ${where.description}: ${how}`,
        {
          hint: "Run it again: it goes on where it was. If it fails again, look at the space in /tmp there.",
          details: output
        }
      );
    }
  }
}

// ../core/src/gc/pin.ts
var PIN = String.raw`
set -u
LC_ALL=C
export LC_ALL
umask 022
cd -- "$1" && mkdir -p gcroots/pinned || exit 1
first=artifacts/labs/$2 draft=gcroots/pinned/.$4
for path in gcroots/auto/*/*_"$2" gcroots/pinned/*; do
  [ -f "$path" ] && [ "$(head -n 1 "$path")" = "$first" ] && cat "$path"
done | sort -u >"$draft.all" && [ -s "$draft.all" ] || { rm -f "$draft.all"; echo gone; exit 0; }
{ echo "$first" && sed -e "\|^$first\$|d" -e '/^end$/d' "$draft.all" && echo end; } >"$draft" && mv -f "$draft" "gcroots/pinned/$3"
code=$?
rm -f "$draft.all" "$draft"
exit "$code"
`;

// src/commands/gc.ts
async function runGc({ host: host2, reporter, route }) {
  var _stack = [];
  try {
    reporter.start("connect");
    const reached = __using(_stack, await reachTarget(route), true);
    const { target, transport } = reached;
    reporter.finish("connect", `to ${transport.description}`);
    const request = { basePath: target.basePath, isDryRun: false, isPinnedOnly: false, programs: route.programs };
    const report = await collectGarbage(transport, request);
    const freed = countFreed(report.freed);
    const bytes = freed.reduce((sum, one) => sum + one.bytes, 0);
    const rows = freed.map((one) => [one.kind, `${one.count}, ${renderBytes(one.bytes)}`]);
    const head = report.isRootless ? "no submission has registered a root yet: nothing goes" : `freed ${renderBytes(bytes)} on ${target.name}, ${report.open.length} submissions are open`;
    host2.printLine(head);
    for (const [kind, text] of rows) host2.printLine(`  ${kind}: ${text}`);
    for (const place of report.left) host2.annotate("warning", "Not removed", `${place} could not be removed.`);
    host2.setOutput("target", target.name);
    host2.setOutput("freed-bytes", bytes);
    await host2.appendSummary(renderRows(renderCode(head), ["what", "freed"], rows));
    if (report.left.length > 0) process.exitCode = 1;
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}

// src/commands/pull.ts
import { resolve } from "node:path";
async function runPull({ host: host2, inputs, reporter, route }) {
  const folder = resolve(route.process.workFolder, inputs.to);
  const pulled = await pullResults({
    ...route,
    lab: inputs.lab,
    runs: inputs.runs,
    folder,
    parts: ["out", "repx"],
    match: inputs.match,
    watch: { reporter }
  });
  const present = pulled.jobs - pulled.missingJobs.length - pulled.unreadyJobs.length;
  const head = `${pulled.files} files (${renderBytes(pulled.bytes)}) of ${present} of ${pulled.jobs} jobs came to ${inputs.to}`;
  host2.printLine(head);
  const rows = pulled.leftOut.map(({ path, sizeBytes, reason }) => [
    path,
    `${renderBytes(sizeBytes)}, left out: ${reason}`
  ]);
  for (const [path, text] of rows) host2.printLine(`  ${path}: ${text}`);
  host2.setOutput("folder", folder);
  host2.setOutput("files", pulled.files + pulled.skippedFiles);
  await host2.appendSummary(renderRows(renderCode(head), ["file", "why it is not here"], rows));
}

// src/commands/reconcile.ts
async function runReconcile(call) {
  var _stack = [];
  try {
    const { host: host2, inputs, reporter, route } = call;
    reporter.start("connect");
    const reached = __using(_stack, await reachTarget(route), true);
    const { target, transport } = reached;
    reporter.finish("connect", `to ${transport.description}`);
    const found = await reconcileSubmissions(transport, target.basePath, { beginnings: inputs.submission });
    const rows = found.map((one) => [one.status?.id ?? one.id, describeFound(one)]);
    for (const [id, text] of rows) host2.printLine(`${id}: ${text}`);
    if (rows.length === 0) host2.printLine(`no open submission on ${target.name}`);
    host2.setOutput("target", target.name);
    host2.setOutput("submissions", found.map(({ status, id }) => status?.id ?? id).join(" "));
    host2.setOutput("open", found.filter(({ status }) => status !== void 0 && !isConcluded(status)).length);
    const head = `Looked at ${rows.length} open submissions on ${renderCode(target.name)}.`;
    await host2.appendSummary(renderRows(head, ["submission", "how it stands"], rows));
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function describeFound({ status, error }) {
  return status === void 0 ? `cannot be looked at: ${error.message}` : describeStatus(status);
}
function describeStatus(status) {
  const { records, scheduler, isRelayAlive, handOver } = status;
  const states = [...records.values()].map(({ state }) => state);
  const ended = states.filter(isFinal).length;
  const relay = isRelayAlive ? "its relay is at work" : ended < states.length ? "its relay was started again" : "";
  return [
    `${ended} of ${states.length} jobs ended`,
    relay,
    scheduler.isUp ? "" : `the scheduler does not answer (${scheduler.error ?? "no reason given"})`,
    handOver === "broken" ? "handing it over broke off" : ""
  ].filter((part) => part !== "").join(", ");
}

// src/nix-matcher.ts
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, join as join2, relative, resolve as resolve2 } from "node:path";
import { fileURLToPath } from "node:url";
var MATCHER = fileURLToPath(new URL("./nix-matcher.json", import.meta.url));
var OWNER = "repx-nix";
var NixDetails = object({ errors: array(string()).min(1) });
function showNixErrors(host2, error, lab) {
  if (!(error instanceof RepxError) || error.code !== "NIX_BUILD_FAILED") return;
  const details = NixDetails.safeParse(error.details).data;
  if (details === void 0) return;
  const workspace = host2.environment["GITHUB_WORKSPACE"] ?? process.cwd();
  const word = randomUUID();
  host2.printLine(`::add-matcher::${MATCHER}`);
  host2.printLine(`::stop-commands::${word}`);
  for (const line of details.errors) host2.printLine(nameOwnFile(line, { workspace, lab }));
  host2.printLine(`::${word}::`);
  host2.printLine(`::remove-matcher owner=${OWNER}::`);
}
var STORE_FILE = /^(\s*at )\S*\/nix\/store\/[0-9a-z]{32}-[^/\s]+\/(\S+?)(:\d+:\d+:?)$/;
var PLAIN_FILE = /^(\s*at )(\/\S+?)(:\d+:\d+:?)$/;
function nameOwnFile(line, { workspace, lab }) {
  const [, before, path, place] = STORE_FILE.exec(line) ?? PLAIN_FILE.exec(line) ?? [];
  if (before === void 0 || path === void 0 || place === void 0) return line;
  const flake = resolve2(workspace, (lab.split("#")[0] ?? "").replace(/^path:/, "") || ".");
  const found = (isAbsolute(path) ? [path] : [join2(flake, path), join2(workspace, path)]).find((one) => existsSync(one));
  const own = found === void 0 ? ".." : relative(workspace, found);
  return own.startsWith("..") ? line : `${before}${own}${place}`;
}

// src/own-token/open-report.ts
import { setTimeout as sleep } from "node:timers/promises";

// src/own-token/check-runs.ts
function openCheckRuns({ send, detailsUrl, onCreated }) {
  const checks = /* @__PURE__ */ new Map();
  const written = /* @__PURE__ */ new Map();
  const completed = /* @__PURE__ */ new Set();
  const create = async (submission, run2, content) => {
    const head = { name: renderCheck(submission, run2).name, head_sha: submission.headSha, external_id: submission.id };
    const answer = await send("POST /repos/{owner}/{repo}/check-runs", {
      ...head,
      ...describeUrl(detailsUrl),
      ...content
    });
    const id = readId(answer?.data);
    if (id === void 0) return void 0;
    checks.set(run2, id);
    onCreated([...checks].map(([name, check]) => ({ run: name, id: check })));
    return id;
  };
  const writeOne = async (submission, run2) => {
    const content = renderContent(submission, run2);
    const text = JSON.stringify(content);
    if (completed.has(run2) || written.get(run2) === text) return true;
    const id = checks.get(run2);
    const isWritten = id === void 0 ? await create(submission, run2, content) !== void 0 : await send("PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", { check_run_id: id, ...content }) !== void 0;
    if (!isWritten) return false;
    written.set(run2, text);
    if (content.status === "completed") completed.add(run2);
    return true;
  };
  return {
    async write(submission) {
      let isWhole = true;
      for (const { name } of submission.runs) isWhole = await writeOne(submission, name) && isWhole;
      return isWhole;
    }
  };
}
function renderContent(submission, run2) {
  const { status, conclusion, title, summary, text } = renderCheck(submission, run2);
  return {
    status: status === "completed" ? status : "in_progress",
    ...conclusion === void 0 ? {} : { conclusion },
    output: { title, summary, ...text === "" ? {} : { text } }
  };
}
function describeUrl(url) {
  return url === "" ? {} : { details_url: url };
}
function readId(data) {
  return typeof data === "object" && data !== null && "id" in data && typeof data.id === "number" ? data.id : void 0;
}

// src/own-token/sticky-comment.ts
var PER_PAGE = 100;
var Comments = array(
  looseObject({ id: int(), body: string().nullish(), user: looseObject({ type: string() }).nullish() })
);
async function writeStickyComment(place, submission) {
  const { send, pullRequest, policy } = place;
  if (policy === "never") return true;
  const found = await findComment(place);
  if (found === void 0) return false;
  if (!isCommentWanted(policy, submission, found.body)) return true;
  const body = renderComment(submission);
  const answer = found.id === void 0 ? await send("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", { issue_number: pullRequest, body }) : await send("PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}", { comment_id: found.id, body });
  return answer !== void 0;
}
async function findComment({
  send,
  pullRequest
}) {
  for (let page = 1; ; page += 1) {
    const route = "GET /repos/{owner}/{repo}/issues/{issue_number}/comments";
    const answer = await send(route, { issue_number: pullRequest, per_page: PER_PAGE, page });
    const comments = Comments.safeParse(answer?.data);
    if (!comments.success) return void 0;
    const own = comments.data.find(
      ({ body, user }) => body?.startsWith(COMMENT_MARKER) === true && user?.type === "Bot"
    );
    if (own !== void 0) return { id: own.id, body: own.body ?? "" };
    if (comments.data.length < PER_PAGE) return {};
  }
}

// src/own-token/open-report.ts
var EVERY_MS = 15e3;
var PAUSE_MS = 5e3;
var RUNS_AT_PACE = 2;
var TRIES = 5;
var MOST_PAUSE_MS = 12e4;
var OWN_PERMISSIONS = ["permissions:", "  contents: read", "  checks: write", "  pull-requests: write"].join(
  "\n"
);
function openOwnReport(place) {
  const { everyMs = EVERY_MS, pauseMs = PAUSE_MS } = place.pace ?? {};
  const refusals = openRefusals(place);
  const [owner = "", repo = ""] = place.repository.split("/");
  const sendFor = (what) => async (route, parameters) => {
    if (refusals.isRefused(what)) return void 0;
    const answer = await place.github.request(route, { owner, repo, ...parameters });
    if (answer.status >= 200 && answer.status < 300) return answer;
    refusals.note(what, answer);
    return void 0;
  };
  const checks = openCheckRuns({ send: sendFor("checks"), detailsUrl: place.detailsUrl, onCreated: place.onChecks });
  let dueMs = Number.NEGATIVE_INFINITY;
  const persist = async (what, write) => {
    for (let nth = 1; !await write() && !refusals.isRefused(what); nth += 1) {
      if (nth === TRIES) return refusals.giveUp(what);
      await sleep(Math.max(pauseMs * nth, refusals.readPauseMs()));
    }
  };
  return {
    async update(submission) {
      if (performance.now() < dueMs) return;
      const isWhole = await checks.write(submission);
      const pace = everyMs * Math.max(1, submission.runs.length / RUNS_AT_PACE);
      dueMs = performance.now() + Math.max(pace, isWhole ? 0 : refusals.readPauseMs());
    },
    async conclude(submission) {
      await persist("checks", async () => checks.write(submission));
      const { pullRequest } = place;
      if (pullRequest === void 0) return;
      const comment = { send: sendFor("comment"), pullRequest, policy: place.comment };
      await persist("comment", async () => writeStickyComment(comment, submission));
    }
  };
}
function openRefusals({ isFork: isFork2, tell }) {
  const refused = /* @__PURE__ */ new Set();
  let last;
  return {
    isRefused: (what) => refused.has(what),
    note(what, answer) {
      last = answer;
      if (answer.isLimited || ![401, 403, 404, 410, 422].includes(answer.status)) return;
      const isFirst = refused.size === 0;
      refused.add(what);
      if (!isFirst) return;
      if (isFork2 && answer.status === 403) {
        const why = "GitHub gives the workflow of a pull request from a fork a token that can only read";
        tell.annotate("notice", "Reported in the job summary alone", `${why}: no check and no comment is written.`);
      } else tell.annotate("warning", "GITHUB_REFUSED", explainRefusal(what, answer));
    },
    readPauseMs: () => Math.min(MOST_PAUSE_MS, (last?.retryAfterSeconds ?? 0) * 1e3),
    giveUp(what) {
      const how = last === void 0 || last.status === 0 ? "GitHub cannot be reached" : `GitHub answered ${last.status}`;
      tell.annotate(
        "warning",
        "GITHUB_UNREACHABLE",
        `the ${what} could not be written: ${how}. The job summary has all.`
      );
    }
  };
}
function explainRefusal(what, { status, message }) {
  const refused = `GitHub does not let this job write the ${what} (${status}: ${message}). The job summary has all.`;
  if (status === 401) return `${refused}
hint: A job's token ends after 24 hours; a coordinator needs none.`;
  if (status === 403 || status === 404) return `${refused}
hint: Add this to the job:
${OWN_PERMISSIONS}`;
  return refused;
}

// src/verdict.ts
var FORGIVEN = /* @__PURE__ */ new Set(["infrastructure", "unknown"]);
function hasPassed({ verdict }) {
  return verdict === "passed";
}
function isBlocking(run2, advisory) {
  return !hasPassed(run2) && !(advisory.includes(run2.name) && FORGIVEN.has(run2.verdict));
}

// src/own-token/render-report.ts
var MOST_BYTES = 9e5;
function renderReport(submission) {
  const runs = submission.runs.map(({ name }) => ({ name, passed: hasPassed(summarizeRun(submission, name)) })).toSorted((left, right) => Number(left.passed) - Number(right.passed));
  const blocks = [];
  let bytes = 0;
  for (const [at, { name }] of runs.entries()) {
    const { summary, text } = renderCheck(submission, name);
    const block = [`### ${name}`, summary, ...text === "" ? [] : [text]].join("\n\n");
    bytes += Buffer.byteLength(block);
    if (bytes > MOST_BYTES) {
      blocks.push(`_${runs.length - at} more left out: a job summary holds 1 MiB._`);
      break;
    }
    blocks.push(block);
  }
  return `${blocks.join("\n\n")}
`;
}

// src/own-token/words.ts
function openWordReader({ target, transport }) {
  const known = /* @__PURE__ */ new Map();
  return {
    async addTo(submission) {
      const asked = listEnded(submission).filter((job) => !known.has(job));
      const isWell = (job) => isSuccess(submission.records.get(job)?.state ?? "queued");
      const wanted = { logs: asked.filter((job) => !isWell(job)), metrics: asked.filter(isWell) };
      const words = await readJobWords(transport, target.basePath, wanted);
      for (const job of asked) known.set(job, words.get(job) ?? {});
      const records = [...submission.records].map(([job, record]) => [job, { ...record, ...known.get(job) }]);
      return { ...submission, records: new Map(records) };
    }
  };
}
function listEnded({ runs, records }) {
  const readState = (job) => records.get(job)?.state ?? "queued";
  const ended = runs.filter((run2) => run2.jobs.every((job) => isFinal(readState(job)))).flatMap(({ jobs }) => jobs);
  return [...new Set(ended)].filter((job) => readState(job) !== "reused");
}

// src/own-token/submission.ts
function describeSubmission(outcome, { repository, headSha, labReference }, status) {
  const { id, labHash: lab, target } = outcome;
  const runs = outcome.runs.map((run2) => ({ ...run2, jobs: [...run2.jobs] }));
  const jobs = [...outcome.jobs.values()];
  const start = openSubmission({ lab, labReference, target, headSha, runs, jobs }, { id, repository });
  if (status === void 0) return start;
  const records = [...start.records].map(
    ([job, record]) => [job, record.state === "reused" ? record : status.records.get(job) ?? record]
  );
  return { ...start, records: new Map(records) };
}

// src/tell-verdicts.ts
async function tellVerdicts({ host: host2, inputs }, runs, where) {
  for (const run2 of runs) {
    host2.printLine(`${run2.name}: ${run2.title}`);
    if (hasPassed(run2)) continue;
    const level = isBlocking(run2, inputs.advisory) ? "error" : "warning";
    host2.annotate(level, `repx / ${run2.name}`, `${run2.title}
${where}`);
  }
  const isBlocked = runs.some((run2) => isBlocking(run2, inputs.advisory));
  host2.setOutput("passed", String(!isBlocked));
  host2.setOutput("verdicts", JSON.stringify(Object.fromEntries(runs.map(({ name, verdict }) => [name, verdict]))));
  host2.saveState("concluded", "true");
  await host2.appendSummary(renderVerdicts(runs));
  if (isBlocked) process.exitCode = 1;
}

// src/commands/report-by-own-token.ts
async function reportByOwnToken(call, commit, outcome) {
  const { host: host2, inputs, reporter, route } = call;
  const origin = { ...commit, labReference: inputs.lab };
  const report = openReport(call, commit);
  let submission = describeSubmission(outcome, origin);
  if (outcome.submitted + outcome.shared > 0) {
    var _stack = [];
    try {
      await report?.update(submission);
      const reached = __using(_stack, await reachTarget(route), true);
      const words = openWordReader(reached);
      await followOnTarget(reached, outcome.id, {
        reporter,
        onLook: async (look) => {
          submission = await words.addTo(describeSubmission(outcome, origin, look));
          await report?.update(submission);
        },
        onTrouble: ({ message }) => host2.printLine(`${message}; trying again`)
      });
    } catch (_) {
      var _error = _, _hasError = true;
    } finally {
      var _promise = __callDispose(_stack, _error, _hasError);
      _promise && await _promise;
    }
  }
  await report?.conclude(submission);
  await tellEnd(call, submission);
}
async function tellEnd(call, submission) {
  const runs = submission.runs.map(({ name }) => summarizeRun(submission, name));
  await tellVerdicts(call, runs, "The job summary has the failed jobs with the ends of their logs.");
  await call.host.appendSummary(renderReport(submission));
}
function openReport({ host: host2, inputs }, { repository, pullRequest }) {
  if (inputs.token === void 0) {
    host2.annotate(
      "notice",
      "Reported in the job summary alone",
      `The input \`token\` is empty; it needs
${OWN_PERMISSIONS}`
    );
    return void 0;
  }
  return openOwnReport({
    github: host2.openGitHub(inputs.token),
    repository,
    pullRequest,
    isFork: isFork(host2.event),
    comment: inputs.policy.comment,
    detailsUrl: host2.event.url,
    tell: host2,
    onChecks: (checks) => host2.saveState("checks", JSON.stringify(checks))
  });
}

// src/commands/wait-for-coordinator.ts
async function waitForCoordinator(call, { registration }) {
  const { inputs, reporter } = call;
  if (inputs.coordinator === void 0 || registration === void 0) return;
  const view = await followSubmission(inputs.coordinator, registration, reporter);
  await tellVerdicts(call, view.runs, "The check has the failed jobs with the ends of their logs.");
}

// src/commands/submit.ts
async function runSubmit(call) {
  const { host: host2, inputs } = call;
  const commit = readCommit(host2.event, inputs);
  const outcome = await submit(call, commit);
  host2.saveState("submitted", "true");
  const following = readFollowing(outcome, inputs.wait);
  const url = outcome.registration?.url ?? host2.event.url;
  const reused = outcome.jobs.size - outcome.submitted - outcome.shared;
  const outputs = {
    submission: outcome.id,
    "lab-hash": outcome.labHash,
    target: outcome.target,
    jobs: outcome.jobs.size,
    submitted: outcome.submitted,
    shared: outcome.shared,
    reused,
    url
  };
  for (const [name, value] of Object.entries(outputs)) host2.setOutput(name, value);
  await host2.appendSummary(renderSummary(outcome, following));
  host2.printLine(describe(outcome, reused, url));
  if (following === "nobody") host2.annotate("notice", "Nothing will report how it ends", explainSilence(outcome));
  if (following === "coordinator" && inputs.wait) await waitForCoordinator(call, outcome);
  if (following === "step") await reportByOwnToken(call, commit, outcome);
}
async function submit({ host: host2, inputs, reporter, route }, commit) {
  const origin = inputs.coordinator;
  const coordinator = origin === void 0 ? void 0 : { origin, requestIdToken: async () => requestIdToken(host2, origin), policy: inputs.policy };
  return submitExperiment({
    ...route,
    lab: inputs.lab,
    runs: inputs.runs,
    advisoryRuns: inputs.advisory,
    commit,
    isMergeQueue: host2.event.name === "merge_group",
    coordinator,
    watch: {
      reporter,
      onRegistered: (submission) => {
        host2.addMask(submission.token);
        host2.saveState("submission", submission.id);
        host2.saveState("token", submission.token);
      },
      onNamed: (id) => host2.saveState("submission", id)
    }
  }).catch((error) => {
    showNixErrors(host2, error, inputs.lab);
    throw error;
  });
}
function describe({ jobs, submitted, shared }, reused, url) {
  if (reused === jobs.size) return `nothing to submit: all ${jobs.size} jobs had succeeded before. ${url}`.trim();
  const waited = shared === 0 ? "" : `, ${shared} that other submissions have in the queue waited for`;
  const told = `${submitted} of ${jobs.size} jobs submitted, ${reused} reused${waited}.`;
  return url === "" ? told : `${told} Follow them at ${url}`;
}
function explainSilence({ id, target }) {
  return `No \`coordinator\` is named, and the step does not wait. The jobs run; look with: repx status ${id} --target ${target}
hint: Set \`wait: true\`, and the step follows the jobs and writes the checks itself; or name a coordinator.`;
}
async function requestIdToken(host2, origin) {
  const token = host2.requestIdToken(origin);
  if (token !== void 0) {
    return token.catch((cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RepxError("GITHUB_UNREACHABLE", `GitHub gave no OIDC token: ${reason}`, {
        hint: "Run the workflow again; see https://www.githubstatus.com when it stays so.",
        cause
      });
    });
  }
  throw new RepxError("AUTH_ID_TOKEN_MISSING", "the workflow may not ask GitHub for an OIDC token", {
    hint: "Add `permissions: { id-token: write, contents: read }` to the job. Pull requests from forks never get one."
  });
}

// src/reporter.ts
var WIDTH = 9;
var SAME_MS = 6e4;
function openReporter(printLine, now, everyMs = 2e3) {
  let startedAt = now();
  let printedAt = 0;
  let printed = "";
  return {
    start: () => {
      startedAt = now();
      printedAt = 0;
      printed = "";
    },
    progress: (step, fraction, detail) => {
      if (now() - printedAt < (detail === printed ? SAME_MS : everyMs)) return;
      printedAt = now();
      printed = detail;
      printLine(`${step.padEnd(WIDTH)}${String(Math.floor(fraction * 100)).padStart(3)} %  ${detail}`);
    },
    finish: (step, detail) => {
      printLine(`${step.padEnd(WIDTH)}${((now() - startedAt) / 1e3).toFixed(1).padStart(5)} s  ${detail}`);
    }
  };
}

// src/run.ts
var COMMANDS = {
  submit: runSubmit,
  reconcile: runReconcile,
  cancel: runCancel,
  gc: runGc,
  pull: runPull
};
async function run(host2, programs) {
  const inputs = readInputs(host2);
  const reporter = openReporter(
    (line) => host2.printLine(line),
    () => Date.now()
  );
  await COMMANDS[inputs.command]({ host: host2, inputs, reporter, route: readRoute(host2, inputs, programs) });
}

// src/main.ts
var host = openHost();
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.on("unhandledRejection", (error) => void stopWith(host, error));
try {
  await run(host, fileURLToPath2(new URL("./target", import.meta.url)));
} catch (error) {
  await stopWith(host, error);
}
host.saveState("ended", "true");
process.exit();
