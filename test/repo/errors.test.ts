import { CODES } from "@repx/core/model";
import { expect, test } from "vitest";
import { listFiles, readText } from "./repository-files.ts";

const CODE = /^### ([A-Z][A-Z0-9_]+)$/gm;

const PAGES = ["docs/errors.md", "docs/target-errors.md", "docs/job-errors.md", "docs/coordinator-errors.md"];

async function readPages(): Promise<string> {
  return (await Promise.all(PAGES.map(readText))).join("\n");
}

async function readEntries(): Promise<string[]> {
  return [...(await readPages()).matchAll(CODE)].map(([, code = ""]) => code);
}

async function readTests(): Promise<string> {
  const tests = (await listFiles()).filter(
    (path) => /^(packages|test)\/.*\.(test|suite)\.ts$/.test(path) && !path.startsWith("test/repo/"),
  );
  return (await Promise.all(tests.map(readText))).join("\n");
}

test("every code has one entry on a page of errors, and every entry a code", async () => {
  expect((await readEntries()).toSorted()).toEqual(Object.keys(CODES).toSorted());
});

test("every entry says what it means, what usually causes it and what to do", async () => {
  const [, ...entries] = (await readPages()).split(/^### (?=[A-Z])/m);
  const thin = entries.filter((entry) => !/\*\*Causes:\*\* [^]*\*\*Do:\*\* /.test(entry));
  expect(thin.map((entry) => entry.split("\n", 1)[0])).toEqual([]);
});

test("every code is asserted by a test", async () => {
  const tests = await readTests();
  expect(Object.keys(CODES).filter((code) => !new RegExp(`\\b${code}\\b`).test(tests))).toEqual([]);
});

async function listNixCodes(): Promise<string[]> {
  const sources = (await listFiles()).filter((path) => /^packages\/nix\/\w+\.(?:nix|sh)$/.test(path));
  const texts = await Promise.all(sources.map(readText));
  const thrown = texts.flatMap((text) => [...text.matchAll(/\b(?:code = "|repx_refuse )(LAB_[A-Z_]+)/g)]);
  return [...new Set(thrown.map(([, code = ""]) => code))].toSorted();
}

test("every code of the Nix library is in docs/nix-errors.md, and no other", async () => {
  const page = await readText("docs/nix-errors.md");
  const rows = [...page.matchAll(/^\| `(LAB_[A-Z_]+)` \|/gm)].map(([, code = ""]) => code);
  expect(rows.toSorted()).toEqual(await listNixCodes());
});

test("every code of the Nix library is asserted by a test", async () => {
  const files = (await listFiles()).filter((path) => /^test\/nix\/.*\.(?:nix|ts)$/.test(path));
  const tests = (await Promise.all(files.map(readText))).join("\n");
  expect((await listNixCodes()).filter((code) => !new RegExp(`\\b${code}\\b`).test(tests))).toEqual([]);
});
