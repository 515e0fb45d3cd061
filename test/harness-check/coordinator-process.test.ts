import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type CoordinatorProcess, startCoordinatorProcess } from "../harness/coordinator-process.ts";
import { findMarked } from "../harness/process.ts";
import { startScratchFolder } from "../harness/scratch-folder.ts";

const WORKER = `import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  count() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS hit (id INTEGER PRIMARY KEY)");
    this.ctx.storage.sql.exec("INSERT INTO hit DEFAULT VALUES");
    return this.ctx.storage.sql.exec("SELECT COUNT(*) AS n FROM hit").one().n;
  }
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return new Response("ok");
    if (pathname === "/settings") return Response.json({ plain: env.PLAIN, secret: env.SECRET });
    return new Response(String(await env.COUNTER.get(env.COUNTER.idFromName("one")).count()));
  },
};`;

const CONFIG = {
  name: "counter",
  main: "worker.js",
  compatibility_date: "2026-10-20",
  send_metrics: false,
  durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
  migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
};

const SECRET = "-----BEGIN KEY-----\nline 'two' $HOME ${X} \\n \"q\" # c\n-----END KEY-----\n";

async function writeWorker(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "worker.js"), WORKER);
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(CONFIG));
  return join(folder, "wrangler.json");
}

async function count(coordinator: CoordinatorProcess): Promise<string> {
  return (await fetch(`${coordinator.url}/count`, { signal: AbortSignal.timeout(10_000) })).text();
}

test("keeps the Worker's state through kill -9 and gives it its settings unchanged", async () => {
  await using scratch = await startScratchFolder();
  const config = await writeWorker(join(scratch.path, "w"));
  const folder = join(scratch.path, "c");
  const vars = { PLAIN: "http://127.0.0.1:1/x y" };
  await using coordinator = await startCoordinatorProcess({ folder, config, vars, secrets: { SECRET } });
  expect(await count(coordinator)).toBe("1");
  expect(await (await fetch(`${coordinator.url}/settings`)).json()).toEqual({ plain: vars.PLAIN, secret: SECRET });
  const processes = await findMarked("REPX_HARNESS_COORDINATOR", folder);
  expect(processes.map((one) => one.comm)).toContain("workerd");
  for (const { pid } of processes) expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain("KEY");
  expect((await stat(join(folder, "secrets.env"))).mode & 0o777).toBe(0o600);

  await coordinator.kill9();
  expect(await findMarked("REPX_HARNESS_COORDINATOR", folder)).toEqual([]);
  await expect(count(coordinator)).rejects.toThrow("fetch failed");
  await coordinator.restart();
  expect(await count(coordinator)).toBe("2");

  await coordinator[Symbol.asyncDispose]();
  expect(await findMarked("REPX_HARNESS_COORDINATOR", folder)).toEqual([]);
}, 60_000);

test("ends a forgotten coordinator in the same folder before it starts", async () => {
  await using scratch = await startScratchFolder();
  const config = await writeWorker(join(scratch.path, "w"));
  const folder = join(scratch.path, "c");
  await using first = await startCoordinatorProcess({ folder, config });
  expect(await count(first)).toBe("1");
  await using second = await startCoordinatorProcess({ folder, config });
  await expect(count(first)).rejects.toThrow("fetch failed");
  expect(await count(second)).toBe("2");
}, 60_000);

test("throws with the log when the Worker does not come up", async () => {
  await using scratch = await startScratchFolder();
  const config = await writeWorker(join(scratch.path, "w"));
  await writeFile(join(scratch.path, "w/worker.js"), "export default {");
  const folder = join(scratch.path, "c");
  await expect(startCoordinatorProcess({ folder, config })).rejects.toThrow(/did not start[\s\S]*worker\.js/);
  expect(await findMarked("REPX_HARNESS_COORDINATOR", folder)).toEqual([]);
}, 90_000);
