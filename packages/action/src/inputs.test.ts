import { RepxError } from "@repx/core/model";
import { expect, test } from "vitest";
import { readInputs } from "./inputs.ts";

const COORDINATOR = "https://repx.example.org";

function open(
  values: Readonly<Record<string, string>>,
): Parameters<typeof readInputs>[0] & { readonly masks: string[] } {
  const masks: string[] = [];
  return { masks, readInput: (name) => values[name] ?? "", addMask: (secret) => masks.push(secret) };
}

function refusal(values: Readonly<Record<string, string>>): RepxError {
  try {
    readInputs(open(values));
  } catch (error) {
    if (error instanceof RepxError) return error;
    throw error;
  }
  throw new Error("the inputs were accepted");
}

test("names of runs are separated by any white space", () => {
  expect(readInputs(open({ coordinator: COORDINATOR, runs: " simulation\n  analysis @all " })).runs).toEqual([
    "simulation",
    "analysis",
    "@all",
  ]);
});

test("inputs that are left out have the defaults of action.yml", () => {
  expect(readInputs(open({ coordinator: COORDINATOR }))).toMatchObject({
    lab: ".",
    runs: [],
    config: ".repx/config.toml",
    resources: undefined,
    wait: false,
  });
});

test("a private key is masked line by line, before anything else is done with it", () => {
  const host = open({ coordinator: COORDINATOR, "ssh-key": "-----BEGIN KEY-----\nsecretsecret\n-----END KEY-----\n" });
  readInputs(host);
  expect(host.masks).toContain("secretsecret");
});

test("a passphrase is masked however short it is", () => {
  const host = open({ coordinator: COORDINATOR, "ssh-key-passphrase": "abc" });
  expect(readInputs(host).sshKeyPassphrase).toBe("abc");
  expect(host.masks).toEqual(["abc"]);
});

test.each([
  [{ command: "delete" }, "INPUT_INVALID", "delete"],
  [{ comment: "often" }, "INPUT_INVALID", "often"],
  [{ "on-cancel": "ask" }, "INPUT_INVALID", "ask"],
  [{ "on-close": "maybe" }, "INPUT_INVALID", "maybe"],
  [{ "max-queue-hours": "-1" }, "INPUT_INVALID", "-1"],
  [{ "max-queue-hours": "soon" }, "INPUT_INVALID", "soon"],
  [{ "head-sha": "main" }, "INPUT_INVALID", "main"],
  [{ "pull-request": "0" }, "INPUT_INVALID", "0"],
  [{ "pull-request": "7; rm" }, "INPUT_INVALID", "7; rm"],
  [{ submission: "s0 ../x" }, "INPUT_INVALID", "../x"],
  [{ coordinator: "repx.example.org" }, "INPUT_INVALID", "repx.example.org"],
  [{ coordinator: "http://repx.example.org" }, "INPUT_INVALID", "not encrypted"],
  [{ coordinator: COORDINATOR, wait: "maybe" }, "INPUT_INVALID", "maybe"],
])("%j is refused with %s and the value that was wrong", (values, code, part) => {
  const error = refusal(values);
  expect(error.code).toBe(code);
  expect(error.message).toContain(part);
  expect(error.hint).not.toBe("");
});

test("plain http is accepted on this host's loopback alone", () => {
  expect(readInputs(open({ coordinator: "http://127.0.0.1:8787/" })).coordinator).toBe("http://127.0.0.1:8787");
});

test("without a coordinator nothing is missing, and the policies have their defaults", () => {
  expect(readInputs(open({}))).toMatchObject({
    command: "submit",
    coordinator: undefined,
    onCancel: "cancel",
    policy: { comment: "on-change", onSupersede: "keep", onClose: "keep", publish: false },
    advisory: [],
    isJobCancelled: false,
  });
});

test("what a dispatched workflow is given is read with its type", () => {
  const values = { "head-sha": "0".repeat(40), "pull-request": "7", submission: " s01 s02 ", "max-queue-hours": "1.5" };
  expect(readInputs(open(values))).toMatchObject({
    headSha: "0".repeat(40),
    pullRequest: 7,
    submission: ["s01", "s02"],
    policy: { maxQueueHours: 1.5 },
  });
});

test("the job's token is masked", () => {
  const host = open({ token: "ghs_x" });
  readInputs(host);
  expect(host.masks).toEqual(["ghs_x"]);
});
