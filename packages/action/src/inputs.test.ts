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
  [{}, "INPUT_MISSING", "coordinator"],
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
