import { Pool } from "undici";
import * as z from "zod";
import type { Receipt } from "./coordinator-stand.ts";

const Body = z.record(z.string(), z.unknown());

/** What a request was answered with. */
export interface Sent {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends events as a relay does, over few connections that stay open. */
export interface EventSender extends AsyncDisposable {
  /** Posts a text, whatever it is; throws when there is no answer. */
  post(path: string, token: string, text: string): Promise<Sent>;
  /** Posts events of a submission, one a line. */
  send(receipt: Receipt, lines: readonly string[]): Promise<Sent>;
}

/** Opens so many connections to a coordinator. */
export function openEventSender(origin: string, connections: number): EventSender {
  const pool = new Pool(origin, { connections, bodyTimeout: 20_000, headersTimeout: 20_000 });
  const post = async (path: string, token: string, text: string): Promise<Sent> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" };
    const { statusCode, body } = await pool.request({ path, method: "POST", headers, body: text });
    return { status: statusCode, body: Body.parse(await body.json()) };
  };
  return {
    post,
    send: async (receipt, lines) =>
      post(`/api/submissions/${receipt.id}/events`, receipt.token, `${lines.join("\n")}\n`),
    [Symbol.asyncDispose]: async () => pool.destroy(),
  };
}
