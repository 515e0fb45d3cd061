import { expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";

test("colours are for terminals alone", () => {
  expect(keepScreen(80).paint("red", "no")).toBe("\u001b[31mno\u001b[39m");
  expect(keepScreen().paint("red", "no")).toBe("no");
});

test.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("there are none with %j", (environment) => {
  expect(keepScreen(80, environment).paint("red", "no")).toBe("no");
  expect(keepScreen(80, environment).paintNote("red", "no")).toBe("no");
});

test("an empty NO_COLOR says nothing", () => {
  expect(keepScreen(80, { NO_COLOR: "" }).paint("bold", "x")).not.toBe("x");
});

test("a bar is wiped before the next line, and cut to the terminal's width", () => {
  const screen = keepScreen(10);
  screen.showBar("building 1 of 3");
  screen.note("done");
  screen.note("quite");
  expect(screen.stderr()).toBe("\r\u001b[Kbuilding \r\u001b[Kdone\nquite\n");
});

test("a block of lines is drawn over the one before, however many lines that had", () => {
  const screen = keepScreen(80);
  screen.showBlock(["one", "two"]);
  screen.showBlock(["three"]);
  screen.print("end");
  const [first, wipeTwo, wipeOne] = ["\r\u001b[K", "\r\u001b[K\u001b[A\u001b[K", "\r\u001b[K"];
  expect(screen.stderr()).toBe(`${first}one\ntwo${wipeTwo}three${wipeOne}`);
  screen.showBlock(Array.from({ length: 100 }, (_, nth) => `line ${nth}`));
  expect(screen.stderr()).not.toContain("line 24");
});

test("a pipe sees no bar", () => {
  const screen = keepScreen();
  screen.showBar("building");
  screen.print("done");
  expect([screen.stdout(), screen.stderr(), screen.columns]).toEqual(["done\n", "", undefined]);
});

test("a name from a Lab cannot steer the terminal", () => {
  const screen = keepScreen(80);
  screen.print("a\u001b[2Jb\u009bc\rd\u001b]0;title\u0007");
  screen.note(screen.paintNote("red", "e\tf\ng"));
  expect(screen.stdout()).toBe("a\ufffd[2Jb\ufffdc\ufffdd\ufffd]0;title\ufffd\n");
  expect(screen.stderr()).toBe("\u001b[31me\tf\ng\u001b[39m\n");
});
