import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findKnownLab, postEvents, readSubmission, registerSubmission } from "./coordinator.ts";
import { event, jobId, SIMULATION } from "./model/events.fixture.ts";
import { RepxError } from "./model/errors.ts";
import { CommitSha, LabHash, SubmissionId } from "./model/ids.ts";

const ACCESS = { id: SubmissionId.parse("s0123456789abcdefghijklmno"), token: "t".repeat(43) };

let server: Server;
let origin: string;
let answer: { status: number; body: string };
let requests: { method: string; url: string; authorization: string; body: string }[];

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      requests.push({ method, url, authorization: headers.authorization ?? "", body });
      response.writeHead(answer.status, { location: "/elsewhere" }).end(answer.body);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  origin = `http://127.0.0.1:${isAddress(address) ? address.port : 0}`;
});
afterEach(() => server.close());

function isAddress(address: ReturnType<Server["address"]>): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function refusal(promise: Promise<unknown>): Promise<RepxError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof RepxError) return error;
  throw new Error("expected a RepxError", { cause: error });
}

test("events travel as one JSON line each, with the submission's token", async () => {
  answer = { status: 200, body: '{"accepted":2,"duplicates":0,"rejected":[]}' };
  const events = [event({ job: jobId(1) }), event({ job: jobId(2), state: "RUNNING" })];
  expect(await postEvents(origin, ACCESS, events)).toEqual({ accepted: 2, duplicates: 0, rejected: [] });
  expect(requests[0]).toMatchObject({
    method: "POST",
    url: `/api/submissions/${ACCESS.id}/events`,
    authorization: `Bearer ${ACCESS.token}`,
  });
  expect(
    requests[0]?.body
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual(events);
});

test("a Lab that nothing is known of is no failure", async () => {
  const wanted = { lab: LabHash.parse("0c3f6w9x2k1v8b7n"), target: "a b", runs: [SIMULATION] };
  answer = { status: 404, body: '{"error":{"code":"COORD_NOT_FOUND","message":"none","hint":"submit it"}}' };
  expect(await findKnownLab(origin, "id-token", wanted)).toBeUndefined();
  expect(requests[0]).toMatchObject({ method: "GET", url: "/api/labs/0c3f6w9x2k1v8b7n?target=a+b&run=simulation" });
  answer = { status: 401, body: '{"error":{"code":"AUTH_OIDC_INVALID","message":"expired","hint":"again"}}' };
  expect(await refusal(findKnownLab(origin, "id-token", wanted))).toMatchObject({ code: "AUTH_OIDC_INVALID" });
});

test("the coordinator's refusal keeps its code, message and hint", async () => {
  answer = { status: 401, body: '{"error":{"code":"AUTH_AUDIENCE_WRONG","message":"for another","hint":"do this"}}' };
  const error = await refusal(readSubmission(origin, ACCESS));
  expect(error).toMatchObject({ code: "AUTH_AUDIENCE_WRONG", message: "for another", hint: "do this" });
});

test.each([
  [200, "<html>", "COORD_ANSWER_INVALID"],
  [200, "{}", "COORD_ANSWER_INVALID"],
  [404, "not here", "COORD_ANSWER_INVALID"],
  [502, "<html>bad gateway", "COORD_UNREACHABLE"],
  [302, "", "COORD_UNREACHABLE"],
])("an answer %i %j that was not agreed is %s", async (status, body, code) => {
  answer = { status, body };
  const error = await refusal(readSubmission(origin, ACCESS));
  expect(error.code).toBe(code);
  expect(error.message).toContain(origin);
  expect(error.message).not.toContain(ACCESS.token);
});

test("a connection that breaks in the middle of an answer makes the coordinator unreachable", async () => {
  answer = { status: 200, body: "" };
  server.removeAllListeners("request");
  server.on("request", (_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("{", () => response.destroy());
  });
  expect((await refusal(readSubmission(origin, ACCESS))).code).toBe("COORD_UNREACHABLE");
});

test("a coordinator that nobody answers for is unreachable, with the reason", async () => {
  await new Promise((resolve) => server.close(resolve));
  const lab = LabHash.parse("0c3f6w9x");
  const headSha = CommitSha.parse("0".repeat(40));
  const request = { lab, target: "cluster", headSha, runs: [], jobs: [] };
  const error = await refusal(registerSubmission(origin, "idtoken", request));
  expect(error).toMatchObject({ code: "COORD_UNREACHABLE" });
  expect(error.message).toContain("ECONNREFUSED");
});
