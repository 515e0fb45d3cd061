import type { RepxError } from "../model/errors.ts";
import type { TargetLook } from "./look-at-target.ts";

/** Why a step ended: the parts of a RepxError that are shown. */
export type Failure = Pick<RepxError, "code" | "message" | "hint">;

/** A step that went well, or why not. */
export type Outcome<Found> = { readonly found: Found } | { readonly failure: Failure };

/** What the config files say of the target. */
export interface ConfigFacts {
  /** The files that were read, or how the target was named without one. */
  readonly source: string;
  readonly name: string;
  readonly basePath: string;
  readonly scheduler: "slurm" | "local";
  /** Whether the target is another machine. */
  readonly isRemote: boolean;
}

/** All that was found out; a step that an earlier failure made impossible is missing. */
export interface DoctorFacts {
  readonly config: Outcome<ConfigFacts>;
  /** The hops in order, as `user@host:port`; none for this machine. */
  readonly route?: Outcome<readonly string[]>;
  /** How long opening took. */
  readonly connection?: Outcome<{ readonly seconds: number }>;
  readonly look?: Outcome<TargetLook>;
  readonly coordinator?: {
    readonly origin: string;
    /** What this machine was answered: the HTTP status. */
    readonly here: Outcome<number>;
  };
}
