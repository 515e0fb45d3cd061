import { defineConfig } from "vitest/config";
import { countReporter } from "./scripts/count-reporter.ts";

export default defineConfig({
  test: {
    reporters: ["default", countReporter],
    // What a failing test printed is shown; the others keep quiet.
    silent: "passed-only",
    projects: [
      { test: { name: "core", include: ["packages/core/src/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "cli", include: ["packages/cli/src/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "scripts", include: ["scripts/**/*.test.ts"] } },
      { test: { name: "action", include: ["packages/action/src/**/*.test.ts"], testTimeout: 20_000 } },
      "packages/coordinator/vitest.config.ts",
      {
        test: {
          name: "end-to-end",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/harness/print-versions.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: { timeout: 10_000 } },
          // Two cores, and every file starts servers of its own: more at once only makes them wait for each other.
          maxWorkers: 2,
        },
      },
    ],
  },
});
