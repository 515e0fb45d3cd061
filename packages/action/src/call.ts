import type { Reporter } from "@repx/core";
import type { Host } from "./host.ts";
import type { Inputs } from "./inputs.ts";
import type { readRoute } from "./route.ts";

/** What every command works with. */
export interface ActionCall {
  readonly host: Host;
  readonly inputs: Inputs;
  readonly reporter: Reporter;
  readonly route: ReturnType<typeof readRoute>;
}
