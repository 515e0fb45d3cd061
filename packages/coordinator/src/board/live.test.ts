import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { afterAll, expect, test } from "vitest";
import { event, objectOf, register, report, settleAll } from "../coordinator.fixture.ts";
import { openBoard } from "./board.fixture.ts";

afterAll(settleAll);

const ORIGIN = "https://coordinator.test";

async function connect(id: string, headers: Readonly<Record<string, string>>, readable?: readonly string[]) {
  const board = openBoard({ ...(readable !== undefined && { readable }) });
  return board.ask(`/s/${id}/live`, { upgrade: "websocket", ...headers });
}

async function openSocket(id: string, readable: readonly string[]) {
  const { status, webSocket } = await connect(id, { origin: ORIGIN }, readable);
  expect(status).toBe(101);
  if (webSocket === null) throw new Error("the answer has no socket");
  const messages: unknown[] = [];
  webSocket.addEventListener("message", ({ data }) => {
    messages.push(data);
  });
  webSocket.accept();
  return { messages, webSocket };
}

test("an open page is told that events came, once for many, and keeps being told when the object's memory is lost", async () => {
  const receipt = await register("lab/live", 20);
  const { messages, webSocket } = await openSocket(receipt.id, ["lab/live"]);
  for (let nth = 1; nth <= 10; nth += 1) await report(receipt, [event(nth)]);
  await expect.poll(() => messages, { timeout: 5000 }).toEqual(["changed"]);
  // The same again changes nothing, so nothing is told.
  await report(receipt, [event(1)]);
  await new Promise((resolve) => setTimeout(resolve, 1300));
  expect(messages).toEqual(["changed"]);
  await evictDurableObject(objectOf(receipt));
  await report(receipt, [event(11)]);
  await expect.poll(() => messages, { timeout: 5000 }).toEqual(["changed", "changed"]);
  webSocket.close();
});

test("a ping is answered", async () => {
  const receipt = await register("lab/ping");
  const { messages, webSocket } = await openSocket(receipt.id, ["lab/ping"]);
  webSocket.send("ping");
  await expect.poll(() => messages, { timeout: 5000 }).toEqual(["pong"]);
  webSocket.close();
});

test("a socket is refused to another site's page, to a stranger, and to who may not read the repository", async () => {
  const { id } = await register("lab/guarded");
  const readable = ["lab/guarded"];
  for (const headers of [{}, { origin: "https://evil.test" }, { origin: "null" }]) {
    expect((await connect(id, headers, readable)).status).toBe(404);
  }
  expect((await connect(id, { origin: ORIGIN })).status).toBe(401);
  expect((await connect(id, { origin: ORIGIN }, ["lab/public"])).status).toBe(404);
  expect((await connect(`s${"0".repeat(25)}`, { origin: ORIGIN }, readable)).status).toBe(404);
  expect((await connect(id, { origin: ORIGIN, upgrade: "h2c" }, readable)).status).toBe(426);
});

test("a submission has a limit of pages that it tells", async () => {
  const receipt = await register("lab/crowd");
  const object = env.SUBMISSIONS.getByName(receipt.id);
  const sockets = [];
  for (let count = 0; count < 200; count += 1) {
    const { webSocket } = await object.fetch(ORIGIN, { headers: { upgrade: "websocket" } });
    webSocket?.accept();
    sockets.push(webSocket);
  }
  expect((await object.fetch(ORIGIN, { headers: { upgrade: "websocket" } })).status).toBe(503);
  for (const socket of sockets) socket?.close();
});
