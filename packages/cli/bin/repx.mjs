#!/usr/bin/env node
// Starts the program, which is TypeScript that Node >= 24 runs as it is. Plain JavaScript that an older Node understands:
// that one hands over to the Node that the project has brought along in node_modules.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import module from "node:module";
import { constants, homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST = 24;

if (Number(process.versions.node.split(".")[0]) >= OLDEST) {
  keepCompiled(process.env["XDG_CACHE_HOME"] ?? "");
  await import("../src/main.ts");
} else {
  const node = findNode(dirname(fileURLToPath(import.meta.url)));
  if (node === undefined) {
    process.stderr.write(
      `error: repx needs Node ${OLDEST} or newer; this is ${process.version}\n` +
        "  hint: Run `npm ci` in the checkout of RepX, which brings one along (Linux on x64 and arm64), or install Node 24.\n",
    );
    process.exitCode = 2;
  } else handOver(node);
}

/**
 * Translating the sources takes a third of a short command's time: what came of it is kept for the next one, where the user has
 * a cache folder. The XDG Base Directory Specification has a relative path ignored.
 */
function keepCompiled(cacheHome) {
  const folder = join(cacheHome.startsWith("/") ? cacheHome : join(homedir(), ".cache"), "repx");
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (error.code !== "EEXIST") return;
  }
  // What is kept there is run: in a folder that others may write to it could be theirs.
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid() || (mode & 0o022) !== 0) return;
  module.enableCompileCache(join(folder, "compiled"));
}

/** Looks for node_modules/.bin/node in this folder and those above it. */
function findNode(folder) {
  const found = join(folder, "node_modules/.bin/node");
  if (existsSync(found)) return found;
  return dirname(folder) === folder ? undefined : findNode(dirname(folder));
}

function handOver(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  // A terminal sends Ctrl-C to both; what is sent to this process alone is passed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    process.stderr.write(`error: ${node} cannot be started: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}
