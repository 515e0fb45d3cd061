import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildPicture, PICTURE_DEFAULTS } from "./build-picture.ts";
import { HOSTILE_NAMES, makeHostileLab, makeReferenceLab, makeWideLab } from "./picture.fixture.ts";
import { renderMermaid } from "./render-mermaid.ts";

const LABEL = String.raw`"(?:[A-Za-z0-9 ._+:@/,()=\u2026\u2192-]|#\d+;|<br/>)*"`;
const LINES = [
  /^graph (LR|TD)$/,
  new RegExp(String.raw`^ +subgraph \w+\[${LABEL}\]$`),
  /^ +end$/,
  new RegExp(String.raw`^ +\w+(?:\[|\(\[|\[/|\[\\)${LABEL}(?:\]|\]\)|\\\]|/\])$`),
  new RegExp(String.raw`^ {2}\w+ (?:-->|==>|-\.->)(?:\|${LABEL}\|)? \w+$`),
];

const name = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ unit: "binary", maxLength: 12 })), { maxLength: 4 })
  .map((parts) => parts.join(""));

test("the reference Lab reads as agreed in Mermaid", async () => {
  const lab = makeReferenceLab();
  const picture = buildPicture(lab, [...lab.runs.keys()], { ...PICTURE_DEFAULTS, hasGroups: true });
  await expect(`${renderMermaid(picture)}\n`).toMatchFileSnapshot("golden/reference-lab.golden.mmd");
});

test("a short picture goes to the right, a long one down", () => {
  expect([readDirection(5), readDirection(60)]).toEqual(["graph LR", "graph TD"]);
});

test("no name gets out of its label", () => {
  fc.assert(
    fc.property(name, (hostile) => {
      const lab = makeHostileLab(hostile);
      const picture = buildPicture(lab, [...lab.runs.keys()], {
        ...PICTURE_DEFAULTS,
        hasGroups: true,
        parameters: "all",
      });
      const lines = renderMermaid(picture).split("\n");
      expect(lines.filter((line) => !LINES.some((known) => known.test(line)))).toEqual([]);
    }),
  );
});

function readDirection(stages: number): string | undefined {
  const lab = makeWideLab(stages, 1);
  return renderMermaid(buildPicture(lab, [...lab.runs.keys()])).split("\n")[0];
}
