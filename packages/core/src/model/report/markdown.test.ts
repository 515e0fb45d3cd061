import { Buffer } from "node:buffer";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { byteLength, escapeMarkdown, pickWithin, renderCode, renderCodeBlock, renderLink } from "./markdown.ts";

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

test("the first rung that fits is taken, and of the last one whole blocks as far as they fit", () => {
  const blocks = fc.array(fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 }), { maxLength: 30 });
  fc.assert(
    fc.property(blocks, blocks, fc.integer({ min: 20, max: 3000 }), (many, few, max) => {
      const text = pickWithin([() => many, () => few], max);
      expect(byteLength(text)).toBeLessThanOrEqual(max);
      const fitting = [many, few].find((rung) => byteLength(rung.join("\n\n")) <= max);
      const prefixes = few.map((_, end) => few.slice(0, end).join("\n\n"));
      expect(fitting === undefined ? prefixes : [fitting.join("\n\n")]).toContain(text);
    }),
  );
});

test("an address that could end its link is no link", () => {
  expect(renderLink("here", "https://github.com/a/b?c=d#e")).toBe("[here](https://github.com/a/b?c=d#e)");
  for (const address of ["javascript:x", "https://a) [b](https://c", "https://a\nb", "https://a|b"]) {
    expect(renderLink("here", address)).toBe("here");
  }
});
