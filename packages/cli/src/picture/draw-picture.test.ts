import { Buffer } from "node:buffer";
import { buildPicture, PICTURE_DEFAULTS, type Picture } from "@repx/core/model";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  HOSTILE_NAMES,
  makeHostileLab,
  makeReferenceLab,
  makeWideLab,
} from "../../../core/src/model/picture/picture.fixture.ts";
import { drawPicture } from "./draw-picture.ts";
import { layOutPicture } from "./lay-out-picture.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { PICTURE_FORMATS } from "./picture-format.ts";
import { renderPng } from "./render-png.ts";

const ATTRIBUTE = String.raw` [a-zA-Z-]+="[^"<]*"`;
const SVG_TAG = new RegExp(`</?(?:svg|title|desc|rect|g|path|text)(?:${ATTRIBUTE})*/?>`);

function pictureOf(lab: Parameters<typeof buildPicture>[0]): Picture {
  return buildPicture(lab, [...lab.runs.keys()], { ...PICTURE_DEFAULTS, hasGroups: true, parameters: "all" });
}

async function drawText(picture: Picture, format: "svg" | "html"): Promise<string> {
  return Buffer.from(await drawPicture(picture, format)).toString();
}

const name = fc
  .array(fc.oneof(fc.constantFrom(...HOSTILE_NAMES), fc.string({ unit: "binary", maxLength: 12 })), { maxLength: 4 })
  .map((parts) => parts.join(""));

/** What is left of a text without well-formed tags; a hostile name that got out leaves a bracket or a tag's name. */
function strip(markup: string, tag: RegExp): string {
  return markup.replaceAll(new RegExp(tag, "g"), "").replaceAll(/&(?:amp|lt|gt|quot|#39);/g, "");
}

test.each(PICTURE_FORMATS)("the same Lab gives the same %s, byte for byte", async (format) => {
  const [one, other] = [pictureOf(makeReferenceLab()), pictureOf(makeReferenceLab())];
  expect(Buffer.from(await drawPicture(one, format)).equals(Buffer.from(await drawPicture(other, format)))).toBe(true);
});

test("a small Lab's SVG reads as agreed", async () => {
  const lab = makeWideLab(5, 1);
  const picture = buildPicture(lab, [...lab.runs.keys()]);
  await expect(await drawPicture(picture, "svg")).toMatchFileSnapshot("golden/five-stages.golden.svg");
});

test("no line of a label is longer in a viewer's font than there is room for", async () => {
  const svg = await drawText(pictureOf(makeReferenceLab()), "svg");
  expect(svg).toContain("\u2192");
  expect(svg.match(/<text [^>]*>/g)?.filter((tag) => !tag.includes(" textLength="))).toEqual([]);
});

test("every box, frame and label of the picture is in the drawing, as it is written", async () => {
  await fc.assert(
    fc.asyncProperty(name, async (hostile) => {
      const picture = pictureOf(makeHostileLab(hostile));
      const texts = (await layOutPicture(picture)).items.flatMap((item) => item.texts.map(({ text }) => text));
      const places = [...picture.clusters, ...picture.nodes].flatMap(({ title, lines }) => [title, ...lines]);
      expect(texts).toEqual(expect.arrayContaining([...places, ...picture.edges.flatMap(({ lines }) => lines)]));
    }),
    { numRuns: 60 },
  );
});

test("a PNG has two pixels for each point of the drawing", async () => {
  const picture = pictureOf(makeWideLab(5, 1));
  const { width, height } = await layOutPicture(picture);
  const png = Buffer.from(await drawPicture(picture, "png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width * 2, height * 2]);
});

test("a PNG that no viewer could open is scaled down", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64000" height="100"/>';
  const png = Buffer.from(await renderPng(svg, { width: 64_000, height: 100, items: [] }));
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([16_000, 25]);
});

test("a PDF is one page of the drawing's size, and its date tells nothing", async () => {
  const picture = pictureOf(makeReferenceLab());
  const { width, height } = await layOutPicture(picture);
  const pdf = Buffer.from(await drawPicture(picture, "pdf")).toString("latin1");
  expect(pdf).toMatch(/^%PDF-/);
  expect(pdf).toContain(`/MediaBox [0 0 ${width} ${height}]`);
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
  expect(pdf.match(/\(D:\d+Z\)/g)).toEqual(["(D:19700101000000Z)"]);
});

test("an HTML page asks for nothing from anywhere, and runs nothing but its own script", async () => {
  const page = await drawText(pictureOf(makeReferenceLab()), "html");
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|url\(|@import| src=| href=/);
  expect(page).toMatch(/content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'"/);
});

test("an HTML page names the picture and what is in it for those who cannot see it", async () => {
  const page = await drawText(pictureOf(makeReferenceLab()), "html");
  expect(page).toContain('aria-labelledby="picture-title picture-description"');
  expect(page).toContain(
    '<g id="s7" class="stage" tabindex="0" role="img" aria-label="stage-G-multiarg-1.1, run simulation-run, 64 jobs',
  );
  expect(page).toContain("<td>stage-G-multiarg-1.1</td><td>stage</td><td>simulation-run</td>");
});

test("no name gets out of its place in SVG and HTML", async () => {
  await fc.assert(
    fc.asyncProperty(name, async (hostile) => {
      const picture = pictureOf(makeHostileLab(hostile));
      const [declaration, ...svg] = (await drawText(picture, "svg")).split("\n");
      expect(declaration).toBe('<?xml version="1.0" encoding="UTF-8"?>');
      expect(strip(svg.join("\n"), SVG_TAG)).not.toMatch(/[<>&]|(?![\n\u00a0])\p{C}/u);
      const page = (await drawText(picture, "html")).replace(PAGE_SCRIPT, "").replace(PAGE_STYLE, "");
      const [, body = ""] = page.split("<main>");
      const tag = new RegExp(
        `${SVG_TAG.source}|</?(?:main|aside|details|summary|table|thead|tbody|tr|th|td|script|html)(?:${ATTRIBUTE})*>`,
      );
      expect(strip(body, tag)).not.toMatch(/[<>&]/);
      expect(page.match(/<script/g)).toHaveLength(1);
    }),
    { numRuns: 40 },
  );
});
