// Goes the way to a target step by step, as far as it gets, and judges what was found.
import { RepxError } from "../model/errors.ts";
import type { Target } from "../target/config/config.ts";
import { resolveRoute } from "../target/route/ssh-route.ts";
import type { Transport } from "../target/transport/transport.ts";
import { askCoordinator } from "./ask-coordinator.ts";
import type { Check } from "./check.ts";
import type { ConfigFacts, DoctorFacts, Outcome } from "./facts.ts";
import { judgeTarget } from "./judge.ts";
import { lookAtTarget } from "./look-at-target.ts";

/** How the steps are made that whoever asks has a say in. */
export interface DiagnosisRequest {
  readonly find: () => Promise<{ readonly target: Target; readonly source: string }>;
  readonly connect: (target: Target) => Promise<OpenedWay>;
  /** HOME is where ssh_config lies. */
  readonly environment: Readonly<Record<string, string>>;
  /** The origin of a coordinator. */
  readonly coordinator?: string;
}

interface OpenedWay extends AsyncDisposable {
  readonly transport: Transport;
  readonly seconds: number;
}

/** A diagnosis: every check in order. */
export interface Diagnosis {
  /** Undefined where no target was found. */
  readonly target?: string;
  readonly checks: readonly Check[];
}

/** Diagnoses a target. What a person can act on is a check; anything else that is thrown passes through. */
export async function diagnoseTarget(request: DiagnosisRequest): Promise<Diagnosis> {
  // Both take their time, and neither waits for the other.
  const asked = askHere(request.coordinator);
  const found = await attempt(request.find);
  const coordinator = await asked;
  const here = coordinator === undefined ? {} : { coordinator };
  if ("failure" in found) return { checks: judgeTarget({ config: found, ...here }) };
  const { target, source } = found.found;
  const config = { found: describeConfig(target, source) };
  const facts: DoctorFacts = { config, ...here, ...(await goThere(request, target)) };
  return { target: target.name, checks: judgeTarget(facts) };
}

async function goThere(
  request: DiagnosisRequest,
  target: Target,
): Promise<Pick<DoctorFacts, "route" | "connection" | "look">> {
  const route = target.address === undefined ? { found: [] } : await attempt(async () => listHops(request, target));
  if ("failure" in route) return { route };
  const opened = await attempt(async () => request.connect(target));
  if ("failure" in opened) return { route, connection: opened };
  await using way = opened.found;
  const look = await attempt(async () => lookAtTarget(way.transport, target, request.coordinator));
  return { route, connection: { found: { seconds: way.seconds } }, look };
}

async function listHops({ environment }: DiagnosisRequest, target: Target): Promise<string[]> {
  const { hops } = await resolveRoute(target, environment);
  return hops.map(({ user, host, port }) => `${user}@${host}:${port}`);
}

async function askHere(origin: string | undefined): Promise<DoctorFacts["coordinator"]> {
  return origin === undefined ? undefined : { origin, here: await attempt(async () => askCoordinator(origin)) };
}

function describeConfig({ name, basePath, scheduler, address }: Target, source: string): ConfigFacts {
  return { source, name, basePath, scheduler, isRemote: address !== undefined };
}

async function attempt<Found>(step: () => Promise<Found>): Promise<Outcome<Found>> {
  try {
    return { found: await step() };
  } catch (error) {
    if (error instanceof RepxError) return { failure: error };
    throw error;
  }
}
