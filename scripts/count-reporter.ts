import type { Reporter, TestModule } from "vitest/node";

/** Ends a test run with one plain line, `12 passed, 0 failed`, for programs that read logs. */
export const countReporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const broken = modules.filter((module) => module.errors().length > 0).length;
    const passed = states.filter((state) => state === "passed").length;
    const failed = states.filter((state) => state === "failed").length + broken;
    const others = states.length - passed - states.filter((state) => state === "failed").length;
    process.stdout.write(`\n${passed} passed, ${failed} failed${others > 0 ? `, ${others} skipped` : ""}\n`);
  },
};
