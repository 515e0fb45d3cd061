import { expect, test } from "vitest";
import { runCommand } from "../../target/command.ts";
import { PUBLISH } from "./publish-script.ts";
import { COMPLETE_FILES, RECEIVE_BUNDLE, RECEIVE_RAW_SLICE, RECEIVE_SLICE } from "./receive-scripts.ts";
import { ADOPT_STAGING, DISCARD_STAGING, LIST_MISSING } from "./staging-scripts.ts";

const SCRIPTS = {
  ADOPT_STAGING,
  COMPLETE_FILES,
  DISCARD_STAGING,
  LIST_MISSING,
  PUBLISH,
  RECEIVE_BUNDLE,
  RECEIVE_RAW_SLICE,
  RECEIVE_SLICE,
};

test.each(Object.entries(SCRIPTS))("shellcheck finds nothing in %s", async (_, script) => {
  // Parts are put together: not every one is used everywhere.
  const argv = ["shellcheck", "-s", "sh", "-e", "SC2034,SC2317", "-"];
  expect(await runCommand({ argv, stdin: script })).toMatchObject({ stdout: "", exitCode: 0 });
});

test.each(Object.entries(SCRIPTS))("%s uses only sh, coreutils and tar, and the decoders", (_, script) => {
  // One is used where it is there, and done without where it is not.
  const commands = script
    .replaceAll(/^ *find "\$1" .* \|\| /gm, "")
    .replaceAll(/^\s*#.*$/gm, "")
    .replaceAll(/'[^']*'/g, "");
  expect(commands.match(/\b(?:find|xargs|awk|sed|grep|flock|hostname|which|perl|python)\s/g)).toBeNull();
});
