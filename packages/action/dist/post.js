import{createRequire as __createRequire}from"node:module";import{fileURLToPath as __toPath}from"node:url";import{dirname as __toFolder}from"node:path";const require=__createRequire(import.meta.url);const __filename=__toPath(import.meta.url);const __dirname=__toFolder(__filename);
import {
  RunName,
  SubmissionId,
  array,
  cancelSubmission,
  cancelSubmissions,
  int,
  object,
  openHost,
  reachTarget,
  readInputs,
  readRoute,
  stopWith,
  takeBackSubmission
} from "./chunk-ML437NAI.js";
import {
  __callDispose,
  __using
} from "./chunk-WYDBFK5T.js";

// src/post.ts
import { fileURLToPath } from "node:url";

// src/own-token/close-checks.ts
function openOwnChecks({ host: host2, inputs }) {
  return {
    async close(checks, output) {
      if (inputs.token === void 0 || checks.length === 0) return;
      const github = host2.openGitHub(inputs.token);
      const [owner = "", repo = ""] = host2.event.repository.split("/");
      const route = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";
      const content = { status: "completed", conclusion: "cancelled", output };
      for (const { run, id } of checks) {
        const answer = await github.request(route, { owner, repo, check_run_id: id, ...content });
        if (answer.status >= 300 || answer.status === 0)
          host2.printLine(`the check of ${run} stays open: ${answer.message}`);
      }
    }
  };
}

// src/leftover.ts
var Checks = array(object({ run: RunName, id: int().positive() }));
function readLeftover(host2) {
  const id = SubmissionId.safeParse(host2.readState("submission"));
  if (!id.success || host2.readState("concluded") === "true") return void 0;
  return {
    id: id.data,
    token: host2.readState("token"),
    isSubmitted: host2.readState("submitted") === "true",
    hasEnded: host2.readState("ended") === "true",
    checks: readChecks(host2.readState("checks"))
  };
}
function readChecks(text) {
  return text === "" ? [] : Checks.parse(JSON.parse(text));
}
function chooseSettlement(leftover, { onCancel, coordinator, isJobCancelled }) {
  const isInterrupted = !leftover.hasEnded;
  if (!leftover.isSubmitted) return coordinator !== void 0 || isInterrupted ? "take back" : "leave";
  if (isInterrupted || isJobCancelled) return onCancel;
  return leftover.checks.length > 0 ? "close checks" : "leave";
}
async function settleLeftover(call, leftover) {
  const settlement = chooseSettlement(leftover, call.inputs);
  if (settlement === "take back") await takeBack(call, leftover, "the workflow was interrupted");
  if (settlement === "cancel") await takeBack(call, leftover, "the workflow was cancelled");
  if (settlement === "keep") {
    const summary = explainKept(call, leftover);
    await tell(call.host, `The jobs of submission ${leftover.id} run on`, summary);
    await openOwnChecks(call).close(leftover.checks, {
      title: "not followed any more: the workflow was cancelled",
      summary
    });
  }
  if (settlement === "close checks") {
    const summary = `The step that followed the jobs failed; they run on. ${nameCommands(call, leftover)}`;
    await openOwnChecks(call).close(leftover.checks, { title: "not followed any more: the step failed", summary });
  }
}
async function takeBack(call, leftover, reason) {
  var _stack = [];
  try {
    const { host: host2, inputs, route } = call;
    const { id, token, checks } = leftover;
    if (inputs.coordinator !== void 0) {
      const access = { id, token };
      const back = await takeBackSubmission({ ...route, coordinator: { origin: inputs.coordinator } }, access, reason);
      host2.printLine(`${id}: the submission is taken back, ${back.closed} jobs are closed as cancelled`);
      if (back.trouble === void 0) return;
      const { code, message, hint } = back.trouble;
      await tell(host2, `${code}: the target was not told`, `${message}
hint: ${hint} What it has of ${id} runs on.`);
      return;
    }
    const reached = __using(_stack, await reachTarget(route), true);
    if (!leftover.isSubmitted) {
      await cancelSubmission(reached.transport, { basePath: reached.target.basePath, id });
      host2.printLine(`${id}: ${reason}, the submission is taken back`);
      return;
    }
    const ends = await cancelSubmissions(reached.transport, reached.target.basePath, { beginnings: [id] });
    const cancelled = ends.reduce((sum, end) => sum + ("error" in end ? 0 : end.cancelled), 0);
    host2.printLine(`${id}: ${reason}, ${cancelled} jobs are cancelled (on-cancel: cancel)`);
    await openOwnChecks(call).close(checks, {
      title: `cancelled: ${reason}`,
      summary: `${cancelled} jobs of submission \`${id}\` had not ended and were cancelled. What has ended is reused.`
    });
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function explainKept(call, leftover) {
  const who = call.inputs.coordinator === void 0 ? "nothing reports how they end" : "the checks follow them";
  return `The workflow was cancelled, and \`on-cancel: keep\` leaves its jobs: ${who}. ${nameCommands(call, leftover)}`;
}
function nameCommands({ inputs }, { id }) {
  const target = inputs.target === void 0 ? "" : ` --target ${inputs.target}`;
  return `Look with \`repx status ${id}${target}\`, take them back with \`repx cancel ${id}${target}\`.`;
}
async function tell(host2, title, text) {
  host2.annotate("warning", title, text);
  await host2.appendSummary(`## RepX: ${title}

${text}
`);
}

// src/post.ts
var host = openHost();
try {
  const leftover = readLeftover(host);
  if (leftover !== void 0) {
    host.addMask(leftover.token);
    const inputs = readInputs(host);
    const route = readRoute(host, inputs, fileURLToPath(new URL("./target", import.meta.url)));
    await settleLeftover({ host, inputs, route }, leftover);
  }
} catch (error) {
  await stopWith(host, error);
}
process.exit();
