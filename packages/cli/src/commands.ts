import type { Command } from "./command.ts";
import { BUILD } from "./commands/build.ts";
import { makeComplete } from "./commands/complete.ts";
import { COMPLETIONS } from "./commands/completions.ts";
import { DEBUG_RUN } from "./commands/debug-run.ts";
import { DOCTOR } from "./commands/doctor.ts";
import { GC } from "./commands/gc.ts";
import { INIT } from "./commands/init.ts";
import { LIST } from "./commands/list.ts";
import { PULL } from "./commands/pull.ts";
import { SHOW } from "./commands/show.ts";
import { SYNC } from "./commands/sync.ts";
import { TRACE_PARAMS } from "./commands/trace-params.ts";
import { CANCEL } from "./commands/cancel.ts";
import { LOG } from "./commands/log.ts";
import { RETRY } from "./commands/retry.ts";
import { RUN } from "./commands/run.ts";
import { STATUS } from "./commands/status.ts";
import { WAIT } from "./commands/wait.ts";
import { VIZ } from "./commands/viz.ts";

const SHOWN: readonly Command[] = [
  INIT,
  BUILD,
  LIST,
  SHOW,
  TRACE_PARAMS,
  VIZ,
  RUN,
  STATUS,
  WAIT,
  LOG,
  CANCEL,
  RETRY,
  DEBUG_RUN,
  SYNC,
  PULL,
  GC,
  DOCTOR,
  COMPLETIONS,
];

/** Every command, in the order in which the help lists them. */
export const COMMANDS: readonly Command[] = [...SHOWN, makeComplete(SHOWN)];
