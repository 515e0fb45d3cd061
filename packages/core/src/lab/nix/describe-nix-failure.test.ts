import { expect, test } from "vitest";
import { describeNixFailure } from "./describe-nix-failure.ts";

test.each([
  [
    ["error: builder for '/nix/store/x-a.drv' failed with exit code 3", "error: 1 dependencies failed"],
    "nix log /nix/store/x-a.drv",
  ],
  [
    [
      "error: Cannot build '/nix/store/x-a.drv'.",
      "       Reason: builder failed due to signal 9 (Killed).",
      "       Output paths:",
      "         /nix/store/x-a",
      "error: Cannot build '/nix/store/x-b.drv'.",
      "       Reason: 1 dependency failed.",
    ],
    "nix log /nix/store/x-a.drv",
  ],
  [['error: lockfile contains mutable lock \'{"path":"./lib","type":"path"}\''], "remove flake.lock"],
  [["error: path '//x' does not exist"], "Name a folder with a flake.nix"],
  [["error: flake 'path:/x' does not provide attribute 'packages.x.lab'"], "nix flake show .`"],
  [["error: program 'git' failed with exit code 129"], "safe.directory"],
  [["error: could not find a flake.nix file"], "Name a folder with a flake.nix"],
  [["error: undefined variable 'x'"], "--show-trace"],
])("advises on %j", (errors, hint) => {
  const error = describeNixFailure(".#lab", { errors, builderLines: ["its last words"] }, 1);
  expect(error).toMatchObject({ code: "NIX_BUILD_FAILED" });
  expect(error.hint).toContain(hint);
  expect(error.message.includes("its last words")).toBe(hint.startsWith("nix log"));
});

test("what the definition library refuses is the message, and its hint is the hint", () => {
  const errors = [
    "error:",
    "       … while calling the 'throw' builtin",
    "       error: error[LAB_AXIS_EMPTY]: at run r.parameters.x: the axis has no values",
    "       hint: x = [ null ] uses the default of the stage",
    "(use '--show-trace' to show detailed location information)",
  ];
  const error = describeNixFailure(".#lab", { errors, builderLines: [] }, 1);
  expect(error.message).toBe(
    "nix build .#lab failed: error[LAB_AXIS_EMPTY]: at run r.parameters.x: the axis has no values",
  );
  expect(error.hint).toBe("x = [ null ] uses the default of the stage");
});

test("repeats what a builder of the library refuses, with its hint, whatever other builders say around it", () => {
  const builderLines = [
    "checking",
    "error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 3: jq is not on the stage's PATH",
    "hint: add the package that has it to runDependencies, e.g. runDependencies = [ pkgs.jq ];",
    "another builder's line",
  ];
  const errors = ["error: builder for '/nix/store/x-sum-script-1.1.drv' failed with exit code 1"];
  const error = describeNixFailure(".#lab", { errors, builderLines }, 1);
  expect(error.message).toBe(
    "nix build .#lab failed: error[LAB_COMMAND_UNDECLARED]: at stage sum (sum.nix): line 3: jq is not on the stage's PATH",
  );
  expect(error.hint).toBe("add the package that has it to runDependencies, e.g. runDependencies = [ pkgs.jq ];");
});
