import { posix } from "node:path";
import { expect, test } from "vitest";
import { readOutline } from "./markdown-outline.ts";
import { listFiles, listMarkdown, readText } from "./repository-files.ts";

/** Whether a link leads to the web (which is not asked) and not into the repository. */
function isOutside(target: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(target);
}

test("every link between files leads to a file and an anchor that exist", async () => {
  const files = new Set(await listFiles());
  const folders = new Set([...files].flatMap((path) => listParents(path)));
  const pages = await listMarkdown();
  const outlines = new Map(
    await Promise.all(pages.map(async (page) => [page, readOutline(await readText(page))] as const)),
  );
  const broken = [...outlines].flatMap(([page, { links }]) =>
    links
      .filter(({ target }) => !isOutside(target))
      .flatMap(({ line, target }) => {
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? page : posix.normalize(posix.join(posix.dirname(page), decodeURIComponent(path)));
        const where = `${page}:${line} ${target}`;
        if (!files.has(file) && !folders.has(file.replace(/\/$/, ""))) return [`${where}: no such file`];
        if (anchor === undefined) return [];
        return outlines.get(file)?.anchors.has(anchor) === true ? [] : [`${where}: no such heading`];
      }),
  );
  expect(broken).toEqual([]);
});

test("the docs are linked among each other", async () => {
  const links = await Promise.all((await listMarkdown()).map(async (page) => readOutline(await readText(page)).links));
  expect(links.flat().length).toBeGreaterThan(30);
});

test("headings get GitHub's anchors, and code is no link", () => {
  const { anchors, links } = readOutline(
    [
      "# The `repx-job` wrapper, in short",
      "## A & B",
      "## A & B",
      "```",
      "# no [link](x)",
      "```",
      "`[a](b)` [c](d#e)",
    ].join("\n"),
  );
  expect([...anchors]).toEqual(["the-repx-job-wrapper-in-short", "a--b", "a--b-1"]);
  expect(links).toEqual([{ line: 7, target: "d#e" }]);
});

function listParents(path: string): string[] {
  const parents: string[] = [];
  for (let parent = posix.dirname(path); parent !== "."; parent = posix.dirname(parent)) parents.push(parent);
  return parents;
}
