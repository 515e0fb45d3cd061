import { posix } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { listFiles, readText } from "./repository-files.ts";

/** What tools made, byte for byte: no rule of ours applies. */
const MADE = /^(package-lock\.json|packages\/action\/dist\/.*)$/;
const TEXT = /\.(tsx?|mts|mjs|js|css|svg|json|jsonc|nix|sh|awk|md|yml|yaml|toml)$|(^|\/)[^.]+$/;
const BANNED_NAMES = /^(helper|util|common|misc|manager|base|shared)s?$/;

async function listWritten(pattern: RegExp): Promise<string[]> {
  return (await listFiles()).filter((path) => pattern.test(path) && !MADE.test(path));
}

/** Lists `path:line` for every line that a pattern is found in. */
async function findLines(paths: readonly string[], pattern: RegExp): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) =>
      (await readText(path)).split("\n").flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}`] : [])),
    ),
  );
  return found.flat();
}

test("TypeScript files are named in kebab-case", async () => {
  const sources = await listWritten(/\.(tsx?|mts|mjs)$/);
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|suite|fixture|config|bench|d))?\.(tsx?|mts|mjs)$/;
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((path) => !kebab.test(posix.basename(path)))).toEqual([]);
});

test("the Nix library's files are named after their attribute, in camelCase", async () => {
  const sources = await listWritten(/^packages\/nix\/.*\.(nix|sh)$/);
  expect(sources.filter((path) => !/^packages\/nix\/[a-z][A-Za-z0-9]*\.(nix|sh)$/.test(path))).toEqual([]);
});

test("no file or folder has a name that says nothing", async () => {
  const files = (await listFiles()).filter((path) => path !== "tsconfig.base.json");
  expect(files.filter((path) => path.split(/[/.-]/).some((word) => BANNED_NAMES.test(word)))).toEqual([]);
});

test("no note to do something later is left in a file", async () => {
  // Spelled so that this line is not one of them.
  const marks = /\b(T[O]DO|FIX[M]E|X{3}|HA[C]K)\b/;
  expect(await findLines(await listWritten(TEXT), marks)).toEqual([]);
});

test.each([
  ["source files", /(?<!\.(test|suite|fixture))\.(tsx?|mts|mjs)$/, 300],
  ["tests", /\.(test|suite|fixture)\.ts$|^test\/.*\.nix$/, 400],
  ["Nix and shell files", /^(?!test\/).*\.nix$|\.(sh|awk)$/, 300],
  ["pages of the docs", /^docs\/[^/]+\.md$/, 250],
  ["decisions", /^docs\/decisions\/.*\.md$/, 60],
])("%s stay within their limit of lines", async (_, pattern, limit) => {
  const lengths = await Promise.all(
    (await listWritten(pattern)).map(async (path) => ({
      path,
      lines: (await readText(path)).trimEnd().split("\n").length,
    })),
  );
  expect(lengths.length).toBeGreaterThan(0);
  expect(lengths.filter(({ lines }) => lines > limit)).toEqual([]);
});

test.each([
  ["cast to any", /\bas (any)\b|<(any)>/],
  ["switch for the compiler", /@ts-(ignore|nocheck|expect-error)/],
  ["skipped or lonely test", /\b(test|it|describe|suite)(\.[a-z]+)*\.(skip|only|todo|skipIf|runIf|fails)\b/],
  ["mock", /\bvi\.(mock|doMock|spyOn|fn|stub\w*|hoisted)\b/],
])("there is no %s", async (_, pattern) => {
  expect(await findLines(await listWritten(/\.(tsx?|mts)$/), pattern)).toEqual([]);
});

test("nothing refers to the place where it was written", async () => {
  const places = [
    ["..", "shared"].join("/"),
    ...["main", "shared", "scratch"].map((name) => ["", "work", name].join("/")),
  ];
  const texts = await listWritten(TEXT);
  expect(texts.length).toBeGreaterThan(100);
  const found = await Promise.all(
    places.map(async (place) => findLines(texts, new RegExp(place.replaceAll(".", "\\.")))),
  );
  expect(found.flat()).toEqual([]);
});

const dependencies = z.record(z.string(), z.string()).optional();
const manifestSchema = z.looseObject({
  dependencies,
  devDependencies: dependencies,
  optionalDependencies: dependencies,
});

test("every dependency is pinned to one version, and a decision on libraries says what it is for", async () => {
  const files = await listFiles();
  const decisions = files.filter((path) => /^docs\/decisions\/\d{4}-choose-[a-z-]*libraries[a-z-]*\.md$/.test(path));
  const text = (await Promise.all(decisions.map(async (path) => readText(path)))).join("\n");
  const manifests = files.filter((path) => /^(packages\/[^/]+\/)?package\.json$/.test(path));
  expect(manifests.length).toBeGreaterThan(3);
  const problems = manifests.map(async (path) => {
    const manifest = manifestSchema.parse(JSON.parse(await readText(path)));
    const listed = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies };
    return Object.entries(listed)
      .filter(([name]) => !name.startsWith("@repx/"))
      .flatMap(([name, version]) => [
        ...(/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) ? [] : [`${path}: ${name} is ${version}`]),
        ...(text.includes(`\`${name}\``) ? [] : [`${path}: ${name} is in no decision on libraries`]),
      ]);
  });
  expect((await Promise.all(problems)).flat()).toEqual([]);
});

test("decisions are numbered without a gap and say why", async () => {
  const decisions = await listWritten(/^docs\/decisions\/.*\.md$/);
  const numbers = decisions.map((path) => Number(/\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]));
  expect(numbers).toEqual(decisions.map((_, index) => index + 1));
  const wanted = ["# ", "- Date: ", "- Status: ", "## Context", "## Decision", "## Consequences", "## Rejected"];
  const missing = decisions.map(async (path) => {
    const text = `\n${await readText(path)}`;
    return wanted.filter((part) => !text.includes(`\n${part}`)).map((part) => `${path}: ${part}`);
  });
  expect((await Promise.all(missing)).flat()).toEqual([]);
});
