import { expect, test } from "vitest";
import { runCommand } from "../../target/command/command.ts";
import { FIND_MISSING_SCRIPT } from "../find-missing.ts";
import { HASH_FILES } from "./hash-there.ts";
import { PUBLISH } from "./publish-script.ts";
import { COMPLETE_FILES, RECEIVE_BUNDLE, RECEIVE_SLICE } from "./receive-scripts.ts";
import { EXITS, HEAD } from "./script-parts.ts";
import { ADOPT_STAGING, DISCARD_STAGING, REMOVE_LEFTOVERS } from "./staging-scripts.ts";

const SCRIPTS = {
  ADOPT_STAGING,
  COMPLETE_FILES,
  DISCARD_STAGING,
  FIND_MISSING_SCRIPT,
  HASH_FILES,
  PUBLISH,
  RECEIVE_BUNDLE,
  RECEIVE_SLICE,
  REMOVE_LEFTOVERS,
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

const SAID: [string, keyof typeof EXITS][] = [
  ["tar: 1/a: Cannot write: No space left on device\ntar: 1/b: Cannot open: No such file or directory", "noSpace"],
  ["dd: error writing './1/f': Disk quota exceeded\n0+0 records out", "noSpace"],
  ["tar: 1/No space left on device: Cannot open: Invalid argument", "failed"],
  ["tar: 1/Disk quota exceeded/x: Cannot mkdir: Permission denied", "denied"],
  ["tar: 1/a: Cannot hard link to 'store/b': Operation not permitted", "linkRefused"],
  ["tar: can't create hardlink '1/a' to 'store/b'", "linkRefused"],
  ["tar: 1/a: Cannot hard link to 'store/b': No space left on device", "noSpace"],
  ["tar: 1/hardlink: Cannot open: Read-only file system", "denied"],
  ["mv: cannot move 'hard link to' to '/b/hard link to': Permission denied", "denied"],
  ["push: 9: cannot create publishing: Operation not permitted", "denied"],
  ["tar: 1/Permission denied: Cannot open: File name too long", "failed"],
];

test.each(SAID)("takes %j for what it is", async (said, kind) => {
  for (const shell of [["sh"], ["bash"], ["busybox", "sh"]]) {
    const argv = [...shell, "-c", `${HEAD}explain "$1"`, "push", "/base", "staging", "", said];
    expect(await runCommand({ argv })).toMatchObject({ exitCode: EXITS[kind], stderr: `${said}\n` });
  }
});
