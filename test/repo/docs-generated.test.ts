import { expect, test } from "vitest";
import { renderDocs, replacePart } from "../../scripts/write-docs.ts";
import { readText } from "./repository-files.ts";

test("the generated parts of the docs are what `node scripts/write-docs.ts` writes", async () => {
  const pages = await renderDocs();
  expect(pages.size).toBeGreaterThan(2);
  const committed = await Promise.all([...pages.keys()].map(async (path) => [path, await readText(path)] as const));
  expect(new Map(committed)).toEqual(pages);
});

test("a page without the markers of its part is refused", () => {
  const page = "<!-- generated: inputs -->\nold\n<!-- /generated -->\n";
  expect(replacePart(page, "inputs", "new")).toBe("<!-- generated: inputs -->\n\nnew\n\n<!-- /generated -->\n");
  expect(() => replacePart(page, "outputs", "new")).toThrow("<!-- generated: outputs -->");
});
