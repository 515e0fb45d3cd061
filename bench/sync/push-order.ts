// One push as the Action does it: a new connection, the survey, what is missing, the end of the connection.
import { basename } from "node:path";
import * as z from "zod";
import { LabHash } from "../../packages/core/src/model/ids.ts";
import { pushTree, type Pushed } from "../../packages/core/src/sync/push/push.ts";
import { surveyTarget } from "../../packages/core/src/sync/survey.ts";
import { openTransport, type Transport } from "../../packages/core/src/target/transport/transport.ts";

/** What is sent where, as text for a process of its own too. */
export const PushOrder = z.object({
  address: z.object({ user: z.string(), host: z.string(), port: z.int() }),
  privateKey: z.string(),
  knownHosts: z.string(),
  basePath: z.string(),
  items: z.array(z.object({ source: z.string(), destination: z.string(), replaces: z.boolean().optional() })),
});
export type PushOrder = z.infer<typeof PushOrder>;

const HASH = LabHash.parse("0".repeat(32));

/** Opens the way to the order's target. */
export async function connect({ address, basePath, privateKey, knownHosts }: PushOrder): Promise<Transport> {
  const target = { name: "bench", address, basePath, scheduler: "slurm" as const };
  // No ssh_config of whoever runs the benchmark.
  return openTransport(target, { privateKey, knownHosts, environment: { HOME: "/nonexistent" } });
}

/** Does it all; what is there already is not sent, unless it is to be replaced. */
export async function runPush(order: PushOrder): Promise<Pushed> {
  const { basePath, items } = order;
  const replaced = items.filter(({ replaces }) => replaces === true);
  const added = items.filter(({ replaces }) => replaces !== true);
  await using transport = await connect(order);
  const survey = await surveyTarget(transport, {
    basePath,
    storeNames: added.map(({ destination }) => basename(destination)),
    indexNames: replaced.map(({ destination }) => destination.replace("artifacts/", "").replaceAll("/", "%")),
    jobIds: [],
    labHash: HASH,
    programsHash: "f00d",
  });
  const missing = new Set(survey.missingStore);
  const wanted = [...added.filter(({ destination }) => missing.has(basename(destination))), ...replaced];
  return await pushTree(transport, {
    basePath,
    items: wanted.map(({ source, destination, replaces = false }) => ({ source, destination, replaces })),
    facts: survey.facts,
  });
}
