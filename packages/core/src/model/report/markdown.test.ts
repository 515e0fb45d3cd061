import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { byteLength, escapeMarkdown, joinWithin, renderCode, renderCodeBlock } from "./markdown.ts";

test("text from outside brings no markup, mention or link into a sentence", () => {
  expect(escapeMarkdown("**a** <img> [x](y) @me | https://x.y\n#12")).toBe(
    "\\*\\*a\\*\\* &lt;img&gt; \\[x\\]\\(y\\) @\u200bme \\| https:\u200b//x.y #\u200b12",
  );
});

test("names that GitHub would link by themselves are broken up", () => {
  expect(escapeMarkdown("www.evil.example GH-12")).toBe("www\u200b.evil.example GH\u200b-12");
});

test("a code span is closed by more ticks than it holds, on one line and within its table cell", () => {
  expect(renderCode("a``b|c\nd")).toBe("```a``b\u2502c d```");
});

test("no text leaves its code block", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("`", "a", "\n", " ", "~", "\u0001", "\u001b[31m", "\r")).map((parts) => parts.join("")),
      (text) => {
        const lines = renderCodeBlock(text).split("\n");
        const fence = (lines[0] ?? "").replace("text", "");
        expect(lines.slice(1, -1).some((line) => line.trim().startsWith(fence))).toBe(false);
      },
    ),
  );
});

test("lengths are counted as UTF-8 bytes", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => byteLength(text) === Buffer.byteLength(text)));
});

test("blocks are kept whole and never exceed the limit", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 300 }), { maxLength: 30 }),
      fc.integer({ min: 200, max: 2000 }),
      (blocks, max) => {
        expect(byteLength(joinWithin(blocks, max))).toBeLessThanOrEqual(max);
      },
    ),
  );
});
