import { expect, test } from "vitest";
import { hasParameters, parseParameterChoice, renderBriefly, renderParameters } from "./parameters.ts";

const PARAMETERS = { size: 16, name: "two words", on: true, model: { depth: 3 }, "a.b": null };

test("values are shown as they would be written", () => {
  expect(renderParameters(PARAMETERS, Object.keys(PARAMETERS))).toBe(
    'size=16 name="two words" on=true model={"depth":3} a.b=null',
  );
});

test("chosen keys are shown alone, in their order, also inside of others", () => {
  expect(renderParameters(PARAMETERS, ["model.depth", "size", "absent", "a.b"])).toBe("model.depth=3 size=16 a.b=null");
});

test.each([
  [["size=16"], true],
  [["size=16", "on=true"], true],
  [["size=1"], false],
  [["absent=1"], false],
  [["model.depth=3", "size"], true],
  [["toString=1"], false],
])("parameters that are asked for as %j: met is %s", (words, isMet) => {
  expect(hasParameters(PARAMETERS, parseParameterChoice(words))).toBe(isMet);
});

test("a value may hold an equals sign", () => {
  expect(parseParameterChoice(["flags=-O=2", "size"])).toEqual({
    shown: ["flags", "size"],
    wanted: [["flags", "-O=2"]],
  });
});

test.each([
  ["/nix/store/9747wln6dl1wsnnmdvdni4f624jrpg3j-quiet.conf", "quiet.conf"],
  ["/nix/store/x5zdx8dwfkw7rp36hqb89jd9766208hh-tools-1.35/bin", "tools-1.35/bin"],
  ["/data/x.conf", "/data/x.conf"],
  [16, "16"],
])("%j is in short %s", (value, brief) => {
  expect(renderBriefly(value)).toBe(brief);
});
