import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below Linux's default range for outgoing connections (32768-60999), so that no client is handed the port before its server binds. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const TRIES = 200;

/** Finds `count` different TCP ports that nobody listens on, on loopback or on any address. */
export async function findFreePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > TRIES + count) throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} in ${tries} tries`);
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** Finds one TCP port that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const [port] = await findFreePorts(1);
  if (port === undefined) throw new Error("no free port");
  return port;
}

/** Whether a server could bind `port` on every address now. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "0.0.0.0", () => server.close(() => resolve(true)));
  });
}
