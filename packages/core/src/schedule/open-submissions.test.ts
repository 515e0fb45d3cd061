import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocal } from "../target/transport/local.ts";
import { listOpenSubmissions } from "./open-submissions.ts";

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "repx open-"));
});
afterEach(async () => rm(base, { recursive: true }));

async function makeSubmission(letter: string, files: Readonly<Record<string, string>>): Promise<string> {
  const id = `s${letter.repeat(25)}`;
  await mkdir(join(base, "submissions", id), { recursive: true });
  for (const [name, text] of Object.entries({ started: "", "plan.json": "{}", ...files }))
    await writeFile(join(base, "submissions", id, name), text);
  return id;
}

const OVER = "2026-03-01T00:00:00Z started\n2026-03-01T00:01:00Z all jobs have ended and are reported\n";

test("open is what a relay works on, was killed at, never began, or is still being handed over", async () => {
  const open = [
    await makeSubmission("1", { submitted: "", "relay.pid": "7 host", "relay.log": "started\n" }),
    await makeSubmission("2", { submitted: "", "relay.pid": "7 host", "relay.log": OVER }),
    await makeSubmission("3", { submitted: "" }),
    await makeSubmission("4", { "relay.log": OVER }),
    await makeSubmission("5", { submitted: "", "relay.log": "2026-03-01T00:00:00Z stopped by a signal\n" }),
  ];
  await makeSubmission("6", { submitted: "", "relay.log": OVER });
  await makeSubmission("7", { submitted: "", "relay.log": "2026-03-31T00:00:00Z 30 days are over\n" });
  await mkdir(join(base, "submissions/sx; touch broken"));
  await using transport = await openLocal({});
  expect(await listOpenSubmissions(transport, base)).toEqual(open);
});

test("a base path without submissions has none that is open", async () => {
  await using transport = await openLocal({});
  expect(await listOpenSubmissions(transport, join(base, "nowhere"))).toEqual([]);
});
