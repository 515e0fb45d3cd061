import { expect, test } from "vitest";
import { choosePictureFormat } from "./picture-format.ts";

test.each([
  ["lab.svg", "svg"],
  ["my.lab.PNG", "png"],
  ["out/lab.pdf", "pdf"],
  ["lab.gv", "dot"],
  ["lab.mmd", "mermaid"],
  ["lab.htm", "html"],
])("%s is written as %s", (file, format) => {
  expect(choosePictureFormat(undefined, file)).toBe(format);
});

test("what is asked for weighs more than the file's ending", () => {
  expect(choosePictureFormat("dot", "lab.txt")).toBe("dot");
});

test("stdout takes Mermaid when nothing is asked for", () => {
  expect(choosePictureFormat(undefined, undefined)).toBe("mermaid");
});

test("an ending of no picture is refused with those that are known", () => {
  expect(() => choosePictureFormat(undefined, "lab.jpeg")).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", hint: expect.stringContaining(".svg, .png, .pdf") }),
  );
});
