import { RepxError } from "@repx/core/model";
import { openScreen } from "./screen.ts";
import { runProgram, tellFailure } from "./run-program.ts";

// A reader that has seen enough (`repx list jobs | head`) closes the pipe: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) =>
  process.exit(error.code === "EPIPE" ? 0 : tellFailure(refuseOutput(error), screen)),
);
// Nobody is there to be told; the exit status is left.
process.stderr.on("error", () => {});

// What was started is ended on exit, and only then.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.once("SIGHUP", () => process.exit(129));

const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
);

const screen = openScreen(process.stdout, process.stderr, environment);
// In a callback nobody is there to catch it.
process.on("uncaughtException", (error) => process.exit(tellFailure(error, screen)));
process.on("unhandledRejection", (error) => process.exit(tellFailure(error, screen)));

// Not process.exit(): what was written to a pipe has to arrive.
process.exitCode = await runProgram(process.argv.slice(2), {
  screen,
  cwd: readFolder(),
  environment,
});

/** A folder that was removed has a name still, and nothing is found in it. */
function readFolder(): string {
  try {
    return process.cwd();
  } catch {
    return environment["PWD"] ?? "/";
  }
}

function refuseOutput(cause: Error): RepxError {
  return new RepxError("INPUT_INVALID", `what was asked for cannot be written: ${cause.message}`, {
    hint: "Send it to a place that has room and that you may write to.",
    cause,
  });
}
