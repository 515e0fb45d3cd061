import { connect } from "./connect.ts";
import type { ExperimentRequest, NamedTarget } from "./experiment.ts";
import { readTarget } from "./prepare.ts";
import type { Target } from "./target/config/config.ts";
import type { Transport } from "./target/transport/transport.ts";

/** What is needed to reach a target: where its config is, and what opens it. */
export type TargetRoute = Pick<ExperimentRequest, "files" | "process"> & { readonly target: NamedTarget };

/** A target with the open way to it. */
export interface ReachedTarget extends AsyncDisposable {
  readonly target: Target;
  readonly transport: Transport;
}

/** Finds a target by its config files and opens the way there; a connection that is lost is opened again. */
export async function reachTarget(route: TargetRoute): Promise<ReachedTarget> {
  const target = await readTarget(route);
  const transport = await connect(route, target);
  return { target, transport, [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose]() };
}
