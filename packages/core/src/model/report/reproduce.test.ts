import { expect, test } from "vitest";
import { SIMULATION } from "../events.fixture.ts";
import { study } from "./report.fixture.ts";
import { renderReproduction } from "./reproduce.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";

function readCommand(labReference: string | undefined, serverUrl?: string): string | undefined {
  return renderReproduction({ ...study(), labReference }, SIMULATION, serverUrl)[1]?.split("\n")[1];
}

test.each([
  [".#lab", `github:lab/percolation/${SHA}#lab`],
  [".", `github:lab/percolation/${SHA}`],
  ["./#lab", `github:lab/percolation/${SHA}#lab`],
  ["./study#lab", `'github:lab/percolation/${SHA}?dir=study#lab'`],
  ["studies/one#lab", `'github:lab/percolation/${SHA}?dir=studies/one#lab'`],
  [`github:other/lab/${SHA}#x`, `github:other/lab/${SHA}#x`],
  [`git+https://host/a?rev=${SHA}#x`, `'git+https://host/a?rev=${SHA}#x'`],
])("the Lab %s is named so that everybody means the same", (reference, named) => {
  expect(readCommand(reference)).toBe(`repx run simulation --lab ${named}`);
});

test("a repository of another server is named by its address", () => {
  expect(readCommand(".#lab", "https://git.example.org")).toBe(
    `repx run simulation --lab 'git+https://git.example.org/lab/percolation?rev=${SHA}#lab'`,
  );
  expect(readCommand("./a#lab", "https://git.example.org")).toContain(`?rev=${SHA}&dir=a#lab'`);
});

test.each([
  undefined,
  "./result",
  "/nix/store/x-lab",
  "built-lab",
  "../other#lab",
  "github:other/lab#x",
  "path:/home/ada/study#lab",
  ".#lab'; rm -rf ~ #",
  ".#$(id)",
  ".#a`id`",
  ".#a b",
  `path:/home/ada/${SHA}#lab`,
  `git+file:///home/ada?rev=${SHA}#lab`,
])("no command is given for %s, which others cannot or must not repeat", (reference) => {
  expect(readCommand(reference)).toBeUndefined();
});
