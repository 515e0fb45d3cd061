import { env, exports } from "cloudflare:workers";
import type { SubmissionReceipt } from "@repx/core/model";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { jobId, objectOf, register, send, settleAll } from "../coordinator.fixture.ts";
import { MAX_TOTAL_BYTES, planFile } from "./file-store.ts";

afterAll(settleAll);

const SVG = `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;

async function put(receipt: SubmissionReceipt, path: string, body = "text", token = receipt.token): Promise<Response> {
  return send("PUT", `/api/submissions/${receipt.id}/files/${path}`, token, body);
}

async function readCode(answer: Response): Promise<unknown> {
  return z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json()).error.code;
}

async function list(receipt: SubmissionReceipt): Promise<unknown> {
  return (await send("GET", `/api/submissions/${receipt.id}/files`, receipt.token)).json();
}

test("keeps a job's files, each once", async () => {
  const receipt = await register("lab/files");
  expect((await put(receipt, `${jobId(1)}/stderr.log`, "one")).status).toBe(201);
  expect((await put(receipt, `${jobId(1)}/stderr.log`, "three")).status).toBe(201);
  expect((await put(receipt, `${jobId(2)}/figures/a.svg`, SVG)).status).toBe(201);
  expect(await list(receipt)).toEqual({
    files: [
      { job: jobId(1), path: "stderr.log", sizeBytes: 5 },
      { job: jobId(2), path: "figures/a.svg", sizeBytes: SVG.length },
    ],
  });
  const stored = await env.FILES.get(`submissions/${receipt.id}/${jobId(1)}/stderr.log`);
  expect(await stored?.text()).toBe("three");
});

test("serves a picture to whoever has its address, and so that nothing in it runs", async () => {
  const receipt = await register("lab/figure");
  await put(receipt, `${jobId(1)}/figures/a.svg`, SVG);
  await put(receipt, `${jobId(1)}/figures/a.svg`, SVG);
  const [file] = await objectOf(receipt).listFiles();
  const url = `https://coordinator.test/figures/${receipt.id}/${file?.figure}`;
  expect(file?.figure).toMatch(/^[A-Za-z0-9_-]{32}$/);
  const answer = await exports.default.fetch(new Request(url));
  expect(await answer.text()).toBe(SVG);
  expect(answer.headers.get("content-type")).toBe("image/svg+xml");
  expect(answer.headers.get("content-security-policy")).toContain("sandbox");
  const guessed = `/figures/${receipt.id}/${"A".repeat(32)}`;
  expect(await readCode(await send("GET", guessed))).toBe("COORD_NOT_FOUND");
});

test("gives a log no public address", async () => {
  const receipt = await register("lab/private");
  await put(receipt, `${jobId(1)}/stdout.log`);
  expect(await objectOf(receipt).listFiles()).toMatchObject([{ figure: null }]);
});

test.each([
  ["of another submission's token", `${jobId(1)}/a.log`, "AUTH_TOKEN_INVALID"],
  ["of a job that is not of the submission", `${jobId(9)}/a.log`, "COORD_REQUEST_INVALID"],
  ["whose job is none", "job/a.log", "COORD_REQUEST_INVALID"],
  ["that begins with a dot", `${jobId(1)}/.ssh`, "COORD_REQUEST_INVALID"],
  ["that leads upwards", `${jobId(1)}/a%2f..%2fb`, "COORD_REQUEST_INVALID"],
  ["with a backslash", `${jobId(1)}/a%5cb`, "COORD_REQUEST_INVALID"],
])("refuses a file %s", async (_, path, code) => {
  const receipt = await register("lab/refused-file");
  const answer = await put(receipt, path, "text", code === "AUTH_TOKEN_INVALID" ? "another-token" : receipt.token);
  expect(await readCode(answer)).toBe(code);
  expect(await list(receipt)).toEqual({ files: [] });
});

test("has room for so much and no more", () => {
  expect(planFile({ count: 3, bytes: MAX_TOTAL_BYTES - 10 }, 10)).toBe("fits");
  expect(planFile({ count: 3, bytes: MAX_TOTAL_BYTES - 10 }, 11)).toBe("no room");
  expect(planFile({ count: 20_000, bytes: 0 }, 1)).toBe("no room");
});
