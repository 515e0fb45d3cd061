// All tests: `npm test`, or some of them: `npm test -- test/coordinator`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const HELP = `npm test [-- VITEST-ARGUMENTS]

Checks format, lint and types, then runs every test: the pure ones, the
coordinator's inside workerd, and end to end on real Nix, sshd, SLURM and workerd.

Examples
  npm test
  npm test -- test/coordinator
  npm test -- --project core
`;

const bin = (name: string): string => fileURLToPath(new URL(`../node_modules/.bin/${name}`, import.meta.url));

async function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: "inherit" });
  // On a terminal the child gets the same Ctrl-C; this process waits for it to end in order.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  await once(child, "exit");
  return child.exitCode ?? 1;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const isWhole = args.length === 0;
  const checked = isWhole ? await run("npm", ["run", "--silent", "check"]) : 0;
  const tested = await run(bin("vitest"), ["run", ...args]);
  return checked === 0 ? tested : checked;
}

process.exitCode = await main(process.argv.slice(2));
