import { tryCommand } from "./command.ts";
import { REPOSITORY_ROOT } from "./repository-root.ts";

const PROGRAMS: readonly (readonly string[])[] = [
  ["nix", "--version"],
  ["slurmctld", "-V"],
  ["sshd", "-V"],
  ["munged", "--version"],
  ["curl", "--version"],
  [`${REPOSITORY_ROOT}/node_modules/.bin/workerd`, "--version"],
  [`${REPOSITORY_ROOT}/node_modules/.bin/node`, "--version"],
];

/** Says, before the first end-to-end test, which real programs the tests meet; one that is missing fails them all. */
export async function setup(): Promise<void> {
  const versions = await Promise.all(PROGRAMS.map(async (argv) => readVersion(argv)));
  process.stdout.write(`\nEnd to end with ${versions.join(", ")}\n\n`);
}

async function readVersion(argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await tryCommand(argv);
  const name = argv[0]?.split("/").at(-1) ?? "";
  // `sshd -V` is no option of Debian 12's OpenSSH: it prints its version with the usage and ends with 1.
  const line = `${stdout}\n${stderr}`.split("\n").find((text) => /[0-9]+[.-][0-9]+/.test(text));
  if (line === undefined) {
    throw new Error(
      `${name} is missing or broken (exit code ${exitCode}); run \`npm test\`, which installs what the tests need`,
    );
  }
  return `${name} ${/[0-9]+([.-][0-9]+)+[^\s,)]*/.exec(line)?.[0] ?? line}`;
}
