import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import { type ClusterUser, ensureClusterUser } from "../harness/cluster-user.ts";
import { type SlurmCluster, startSlurmCluster } from "../harness/slurm-cluster.ts";
import { waitUntil } from "../harness/wait-until.ts";
import { startEventReceiver } from "./event-receiver.ts";
import { openSubmission } from "./relay-run.ts";

// The relay was away while very many jobs ended: more names than one command can be given (ARG_MAX).

let cluster: SlurmCluster;
let user: ClusterUser;

beforeAll(async () => {
  user = await ensureClusterUser();
  cluster = await startSlurmCluster({ folder: "/tmp/repx-relay-crowd", user });
});
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]();
  for (const place of ["/tmp/repx-relay-crowd", PLACE]) await rm(place, { recursive: true, force: true });
});

const COUNT = 20_000;
const PLACE = `/tmp/repx-${"a-long-way-down-".repeat(4)}`;

test("20,000 bells are taken away, each noted once, and the end among them is reported", async () => {
  await using receiver = await startEventReceiver();
  const submission = await openSubmission(cluster, receiver, user, { parent: PLACE });
  await using target = submission.target;
  onTestFailed(() => console.log(receiver.events));
  const script = `while [ ! -e "${target.base}/go" ]; do sleep 0.1; done`;
  await submission.submit([{ stage: "one", script }]);
  const bells = join(target.folder, "bells");
  expect(join(bells, `999999_${COUNT}.end`).length).toBeGreaterThanOrEqual(140);
  // Something that rings no bell stays where it is.
  const fill = `cd "$1" && seq ${COUNT} | sed 's/.*/999999_&.end/' | xargs touch && touch 'a b.start' "$(printf 'a\\n1.end')"`;
  await user.run(["sh", "-c", fill, "sh", bells]);
  await submission.finish();
  await using relay = await submission.startRelay({ REPX_SWEEP_SECONDS: "2" });
  await waitUntil({ what: "the bells to be gone", timeoutSeconds: 60, intervalMs: 250 }, async () =>
    (await readdir(bells)).every((name) => !/^\d+_\d+\./.test(name)),
  );
  expect((await readdir(bells)).toSorted()).toEqual(["a\n1.end", "a b.start"]);
  await writeFile(join(target.base, "go"), "");
  expect(await relay.waitForEnd(60)).toBe(0);
  expect(receiver.events.at(-1)).toMatchObject({ state: "COMPLETED", marker: "SUCCESS" });
  const wanted = (await readFile(join(target.folder, "relay/wanted"), "utf8")).trimEnd().split("\n");
  const names = wanted.map((line) => line.split("\t").slice(0, 2).join("."));
  expect(names.length).toBe(new Set(names).size);
});
