import * as fc from "fast-check";
import { expect, test } from "vitest";
import { buildPicture, PICTURE_DEFAULTS } from "./build-picture.ts";
import { HOSTILE_NAMES, makeHostileLab, makeReferenceLab } from "./picture.fixture.ts";
import { renderDot } from "./render-dot.ts";

const TAGS = /<br(?: align="left")?\/>|<\/?b>|<font point-size="[\d.]+"(?: color="#[0-9a-f]{6}")?>|<\/font>/g;
/** A label from its own angle bracket to the one before the end of its attributes. */
const LABEL = /label=<(.*?)>(?: labelloc=b labeljust=l)?\]$/;

const name = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ unit: "binary", maxLength: 12 })), { maxLength: 4 })
  .map((parts) => parts.join(""));

test("the reference Lab reads as agreed in DOT", async () => {
  const lab = makeReferenceLab();
  const picture = buildPicture(lab, [...lab.runs.keys()], { ...PICTURE_DEFAULTS, hasGroups: true });
  await expect(renderDot(picture)).toMatchFileSnapshot("golden/reference-lab.golden.dot");
});

test("no name gets out of its label, or is read as an escape sequence", () => {
  fc.assert(
    fc.property(name, (hostile) => {
      const lab = makeHostileLab(hostile);
      const picture = buildPicture(lab, [...lab.runs.keys()], {
        ...PICTURE_DEFAULTS,
        hasGroups: true,
        parameters: "all",
      });
      for (const line of renderDot(picture)
        .split("\n")
        .filter((one) => one.includes("label=<"))) {
        const label = LABEL.exec(line)?.[1]?.replaceAll(TAGS, "");
        expect(label).not.toMatch(/[<>"]|&(?!amp;|lt;|gt;|quot;|#39;|#160;)/);
        expect(label?.replaceAll("\\\\", "")).not.toContain("\\");
        expect(label).toBeDefined();
      }
    }),
  );
});
