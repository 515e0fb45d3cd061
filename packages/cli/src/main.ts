import { openScreen } from "./screen.ts";
import { runProgram, tellFailure } from "./run-program.ts";

// A reader that has seen enough (`repx list jobs | head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

// What was started is ended on exit, and only then.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.once("SIGHUP", () => process.exit(129));

const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);

const screen = openScreen(process.stdout, process.stderr, environment);
process.on("unhandledRejection", (error) => process.exit(tellFailure(error, screen)));

// Not process.exit(): what was written to a pipe has to arrive.
process.exitCode = await runProgram(process.argv.slice(2), {
  screen,
  cwd: process.cwd(),
  environment,
});
