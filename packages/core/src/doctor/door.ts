// The door for checking the way to a target: `import { diagnoseTarget } from "@repx/core/doctor"`. It brings SSH along.
export type { Check, CheckStatus } from "./check.ts";
export { diagnoseTarget } from "./diagnose.ts";
