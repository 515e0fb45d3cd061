// From facts to checks, in order. Pure: no I/O, no clock.
import { CHECK_NAMES, type Check, type CheckName } from "./check.ts";
import type { ConfigFacts, DoctorFacts, Failure } from "./facts.ts";
import { judgeCoordinator } from "./judge-coordinator.ts";
import { judgeMachine } from "./judge-machine.ts";
import { judgeScheduler } from "./judge-scheduler.ts";
import { fail, pass, skip } from "./make-check.ts";

/** Judges all that was found out: one check for each name, in their order. */
export function judgeTarget(facts: DoctorFacts): Check[] {
  const made = [...judgeWay(facts), ...judgeThere(facts), judgeCoordinator(facts)];
  const byName = new Map(made.map((check) => [check.name, check]));
  return CHECK_NAMES.map((name) => byName.get(name) ?? skip(name, `needs ${findReason(made)}`));
}

/** The first check that failed is why later ones could not be made. */
function findReason(made: readonly Check[]): string {
  const failed = made.find(({ status }) => status === "failed");
  return failed === undefined ? "an answer of the target" : `"${failed.name}"`;
}

function judgeWay({ config, route, connection }: DoctorFacts): Check[] {
  if ("failure" in config) return [blame("config", config.failure)];
  const { found } = config;
  const checks = [pass("config", `target ${found.name} of ${found.source}`)];
  if (!found.isRemote) return [...checks, ...WAY.map((name) => skip(name, "the target is this machine"))];
  if (route === undefined) return checks;
  if ("failure" in route) return [...checks, blame("route", route.failure)];
  const hops = route.found;
  const through = hops.length > 1 ? ` through ${hops.slice(0, -1).join(", ")}` : "";
  checks.push(pass("route", `${hops.at(-1) ?? ""}${through}`));
  if (connection === undefined) return checks;
  if ("failure" in connection) return [...checks, ...judgeFailedConnection(connection.failure)];
  const seconds = connection.found.seconds.toFixed(2);
  return [
    ...checks,
    pass("connection", `open after ${seconds} s`),
    pass("host key", "is in known_hosts"),
    pass("login key", `was accepted`),
  ];
}

const WAY = ["route", "connection", "host key", "login key", "login shell"] as const satisfies readonly CheckName[];

/** Tells how far it went by the error's code. */
function judgeFailedConnection(failure: Failure): Check[] {
  // INPUT_INVALID: there is nobody to ask about the host's key.
  if (failure.code.startsWith("SSH_HOST_KEY") || failure.code === "INPUT_INVALID")
    return [pass("connection", "the host answers"), blame("host key", failure)];
  if (!failure.code.startsWith("SSH_KEY")) return [blame("connection", failure)];
  if (failure.code === "SSH_KEY_REFUSED") {
    return [pass("connection", "the host answers"), pass("host key", "is in known_hosts"), blame("login key", failure)];
  }
  return [skip("connection", 'needs "login key"'), skip("host key", 'needs "login key"'), blame("login key", failure)];
}

function judgeThere(facts: DoctorFacts): Check[] {
  const { config, look } = facts;
  if ("failure" in config || look === undefined) return [];
  const { found } = config;
  if ("failure" in look) {
    const isBase = !found.isRemote || look.failure.code === "SYNC_BASE_PATH_NOT_WRITABLE";
    return [blame(isBase ? "base path" : "login shell", look.failure)];
  }
  return [...judgeMachine(found, look.found), ...judgeSlurm(found, facts)];
}

function judgeSlurm(config: ConfigFacts, { look }: DoctorFacts): Check[] {
  if (look === undefined || "failure" in look) return [];
  return judgeScheduler(config, look.found);
}

function blame(name: CheckName, { code, message, hint }: Failure): Check {
  return fail(name, `${message} (${code})`, hint);
}
