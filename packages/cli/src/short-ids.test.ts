import { expect, test } from "vitest";
import { keepScreen } from "./command.fixture.ts";
import { makeIdRenderer, shortenIds } from "./short-ids.ts";

const IDS = ["aaaaaaaaaaaa-one", "aaaaaaaaaaab-one", "bbbbbbbbbbbb-two", "aaaaaaaaaaaa-one"];

test("an id is shortened to what no other begins with, of at least eight characters", () => {
  expect([...shortenIds(IDS)]).toEqual([
    ["aaaaaaaaaaaa-one", "aaaaaaaaaaaa"],
    ["aaaaaaaaaaab-one", "aaaaaaaaaaab"],
    ["bbbbbbbbbbbb-two", "bbbbbbbb"],
  ]);
});

test("an id that another one begins with stays whole", () => {
  expect(shortenIds(["aaaaaaaaaa", "aaaaaaaaaab"]).get("aaaaaaaaaa")).toBe("aaaaaaaaaa");
});

test("ids are whole where no person reads them", () => {
  expect(makeIdRenderer(keepScreen(), IDS)("bbbbbbbbbbbb-two")).toBe("bbbbbbbbbbbb-two");
  expect(makeIdRenderer(keepScreen(80), IDS)("bbbbbbbbbbbb-two")).toBe("bbbbbbbb");
});
