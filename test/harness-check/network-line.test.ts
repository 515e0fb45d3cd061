import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { findFreePort } from "../harness/free-port.ts";
import { startNetworkLineProcess } from "../harness/network-line-process.ts";
import { startNetworkLine } from "../harness/network-line.ts";
import { startTurnCounter } from "../harness/turn-counter.ts";
import { waitUntil } from "../harness/wait-until.ts";

const servers: Server[] = [];
const accepted: Socket[] = [];

afterEach(async () => {
  for (const socket of accepted.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((resolve) => void server.close(resolve));
});

/** A server on loopback; what it got is kept. */
async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    accepted.push(socket.on("error", () => {}));
    onConnection(socket);
  });
  servers.push(server);
  const port = await findFreePort();
  await once(server.listen(port, "127.0.0.1"), "listening");
  return port;
}

async function serveEcho(): Promise<number> {
  return serve((socket) => void socket.setNoDelay(true).pipe(socket));
}

/** Counts what comes and how it ends. */
async function serveSink(): Promise<{ port: number; got: { bytes: number; ends: string[] } }> {
  const got: { bytes: number; ends: string[] } = { bytes: 0, ends: [] };
  const port = await serve((socket) => {
    socket.on("data", (bytes) => (got.bytes += bytes.length));
    socket.once("end", () => socket.end(() => got.ends.push("end")));
    socket.once("error", (error) => got.ends.push("code" in error ? String(error.code) : error.message));
  });
  return { port, got };
}

async function open(port: number): Promise<Socket> {
  const socket = createConnection({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
  await once(socket, "connect");
  // When its line is taken away at the test's end.
  return socket.on("error", () => {});
}

async function ask(socket: Socket, question: string): Promise<string> {
  const answer = once(socket, "data");
  socket.write(question);
  const [bytes]: Buffer[] = await answer;
  return bytes?.toString() ?? "";
}

/** Writes everything and waits until the other side has closed. */
async function pourIn(socket: Socket, sizeBytes: number): Promise<void> {
  const chunk = Buffer.alloc(65536, "x");
  for (let left = sizeBytes; left > 0; left -= chunk.length) {
    if (!socket.write(chunk.subarray(0, Math.min(left, chunk.length)))) await once(socket, "drain");
  }
  socket.resume().end();
  await once(socket, "close");
}

test("a question takes a round trip, the first one another for the connection, and never less", async () => {
  await using line = await startNetworkLine({ port: await serveEcho(), roundTripSeconds: 0.04 });
  const socket = await open(line.port);
  const times = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const startedAt = performance.now();
    expect(await ask(socket, `question ${turn}`)).toBe(`question ${turn}`);
    times.push(performance.now() - startedAt);
  }
  socket.destroy();
  expect(times[0]).toBeGreaterThan(78);
  for (const time of times.slice(1)) expect(time).toBeGreaterThan(38);
  expect(line).toMatchObject({ roundTrips: 4, bytesUp: 40, bytesDown: 40 });
});

test("a server that speaks first is heard after two round trips, as the connection takes one and a half", async () => {
  const port = await serve((socket) => void socket.write("banner"));
  await using line = await startNetworkLine({ port, roundTripSeconds: 0.04 });
  const startedAt = performance.now();
  const socket = await open(line.port);
  expect(String(await once(socket, "data"))).toBe("banner");
  expect(performance.now() - startedAt).toBeGreaterThan(78);
  expect(line.roundTrips).toBe(0);
});

test("what the server said before the question was there is no answer", () => {
  const turns = startTurnCounter();
  expect(turns.takeDown()).toBe(false);
  expect(turns.takeUp()).toBe(true);
  expect([turns.takeUp(), turns.takeDown()]).toEqual([false, false]);
  turns.giveUp();
  expect([turns.takeUp(), turns.takeDown(), turns.takeDown()]).toEqual([false, true, false]);
  expect(turns.roundTrips).toBe(0);
  turns.giveDown();
  expect(turns.roundTrips).toBe(1);
  expect(turns.takeUp()).toBe(true);
  turns.forget();
  turns.giveDown();
  expect(turns.roundTrips).toBe(1);
});

test("what is asked before the answer has come is no round trip of its own", async () => {
  await using line = await startNetworkLine({ port: await serveEcho(), roundTripSeconds: 0.1 });
  const socket = await open(line.port);
  await ask(socket, "warm");
  const answers: string[] = [];
  socket.on("data", (bytes) => answers.push(bytes.toString()));
  for (const question of ["a", "b", "c"]) {
    socket.write(question);
    await sleep(10);
  }
  await waitUntil({ what: "three answers", timeoutSeconds: 10 }, async () => answers.join("") === "abc");
  socket.destroy();
  expect(line.roundTrips).toBe(2);
});

test("a delay does not limit how much is under way", async () => {
  const { port, got } = await serveSink();
  await using line = await startNetworkLine({ port, roundTripSeconds: 4 });
  const socket = await open(line.port);
  // Longer than a busy machine takes to write: nothing may have arrived by then.
  let writtenBytes = 0;
  for (let turn = 0; turn < 40; turn += 1) socket.write(Buffer.alloc(2 ** 20), () => (writtenBytes += 2 ** 20));
  await waitUntil({ what: "all to be under way", timeoutSeconds: 30 }, async () => writtenBytes === 40 * 2 ** 20);
  expect(got.bytes).toBe(0);
  socket.destroy();
});

test("a narrow line is shared by its connections", async () => {
  const { port, got } = await serveSink();
  await using line = await startNetworkLine({ port, bytesPerSecond: 4_000_000 });
  const startedAt = performance.now();
  const sockets = await Promise.all([1, 2].map(async () => open(line.port)));
  await Promise.all(sockets.map(async (socket) => pourIn(socket, 500_000)));
  expect(performance.now() - startedAt).toBeGreaterThan(245);
  expect(got.bytes).toBe(1_000_000);
});

test("a server that does not read holds up the client in the end", async () => {
  const port = await serve((socket) => void socket.pause());
  await using line = await startNetworkLine({ port });
  const socket = await open(line.port);
  let writtenBytes = 0;
  for (let turn = 0; turn < 400; turn += 1) socket.write(Buffer.alloc(2 ** 20), () => (writtenBytes += 2 ** 20));
  let before = -1;
  await waitUntil({ what: "the flow to stop", timeoutSeconds: 20, intervalMs: 300 }, async () => {
    const isStill = writtenBytes === before && writtenBytes > 0;
    before = writtenBytes;
    return isStill;
  });
  socket.destroy();
  expect(writtenBytes).toBeLessThan(100 * 2 ** 20);
});

test("a cut resets both ends at once, and the next connection goes through", async () => {
  const { port, got } = await serveSink();
  await using line = await startNetworkLine({ port });
  const socket = await open(line.port);
  const failed = once(socket, "error");
  socket.resume().write("something");
  await waitUntil({ what: "something to arrive", timeoutSeconds: 10 }, async () => got.bytes === 9);
  line.cut();
  expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  await waitUntil({ what: "the server to see it", timeoutSeconds: 10 }, async () => got.ends.length === 1);
  expect(got.ends).toEqual(["ECONNRESET"]);
  await pourIn(await open(line.port), 1000);
  expect(got).toEqual({ bytes: 1009, ends: ["ECONNRESET", "end"] });
});

test.each([0, 1, 65_536, 1_234_567])(
  "a cut after %i bytes lets no byte more through, and happens once",
  async (cutAfterBytes) => {
    const { port, got } = await serveSink();
    await using line = await startNetworkLine({ port, cutAfterBytes });
    const socket = await open(line.port);
    const failed = once(socket, "error");
    socket.resume().write(Buffer.alloc(3_000_000));
    await failed;
    await waitUntil({ what: "the server to see it", timeoutSeconds: 10 }, async () => got.ends.length === 1);
    expect(got.ends).toEqual(["ECONNRESET"]);
    // Of many bytes the last ones may be lost with the reset.
    const mostLost = cutAfterBytes > 65_536 ? cutAfterBytes : 0;
    expect(got.bytes).toBeGreaterThanOrEqual(cutAfterBytes - mostLost);
    expect(got.bytes).toBeLessThanOrEqual(cutAfterBytes);
    const before = got.bytes;
    expect(line.bytesUp).toBe(cutAfterBytes);
    await pourIn(await open(line.port), 3_000_000);
    expect(got.bytes).toBe(before + 3_000_000);
  },
);

test("the end of one direction leaves the other one open", async () => {
  const port = await serve((socket) => {
    let text = "";
    socket.on("data", (bytes) => (text += bytes.toString()));
    socket.once("end", () => socket.end(`got ${text}`));
  });
  await using line = await startNetworkLine({ port, roundTripSeconds: 0.01 });
  const socket = await open(line.port);
  socket.end("all");
  expect(String(await once(socket, "data"))).toBe("got all");
});

test("a port where nobody listens resets the client", async () => {
  await using line = await startNetworkLine({ port: await findFreePort() });
  const [error] = await once(await open(line.port), "error");
  expect(error).toMatchObject({ code: "ECONNRESET" });
});

test("a cut takes what was to be written to a server that does not read, and does not wait for it", async () => {
  const ends: string[] = [];
  let gotBytes = 0;
  const port = await serve((socket) => {
    socket.on("data", (bytes) => (gotBytes += bytes.length)).pause();
    socket.once("error", (error) => ends.push("code" in error ? String(error.code) : error.message));
  });
  await using line = await startNetworkLine({ port });
  const socket = await open(line.port);
  const failed = once(socket, "error");
  socket.resume().end(Buffer.alloc(40_000_000));
  await waitUntil({ what: "the line to have it", timeoutSeconds: 10 }, async () => line.bytesUp === 40_000_000);
  line.cut();
  await failed;
  for (const server of accepted) server.resume();
  await waitUntil({ what: "the server to see it", timeoutSeconds: 10 }, async () => ends.length === 1);
  expect(ends).toEqual(["ECONNRESET"]);
  expect(gotBytes).toBeLessThan(20_000_000);
});

test("in a process of its own it does the same", async () => {
  const port = await serveEcho();
  await using line = await startNetworkLineProcess({ port, roundTripSeconds: 0.02 });
  const socket = await open(line.port);
  expect(await ask(socket, "hello")).toBe("hello");
  expect(await line.readCounters()).toEqual({ roundTrips: 1, bytesUp: 5, bytesDown: 5 });
  const failed = once(socket, "error");
  line.cut();
  expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  expect(await ask(await open(line.port), "again")).toBe("again");
});
