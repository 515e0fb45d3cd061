// The part of the agent protocol (draft-ietf-sshm-ssh-agent) that a login needs. ssh2 has a client too, but one that
// passes over certificates and keys that live in hardware.
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { joinStrings, readString } from "../wire/ssh-wire.ts";

/** A key or certificate that an agent holds. */
export interface AgentKey {
  readonly blob: Buffer;
  readonly comment: string;
}

const [FAILURE, REQUEST_IDENTITIES, IDENTITIES_ANSWER, SIGN_REQUEST, SIGN_RESPONSE] = [5, 11, 12, 13, 14];
/** As ssh-agent itself has it (MAX_AGENT_REPLY_LEN). */
const ANSWER_LIMIT_BYTES = 256 * 1024;
const RSA_FLAGS: ReadonlyMap<string, number> = new Map([
  ["rsa-sha2-256", 2],
  ["rsa-sha2-512", 4],
]);

/** Lists what an agent holds; rejects when there is none at the path. */
export async function listAgentKeys(path: string, signal: AbortSignal): Promise<AgentKey[]> {
  const answer = await askAgent(path, Buffer.from([REQUEST_IDENTITIES]), IDENTITIES_ANSWER, signal);
  const keys: AgentKey[] = [];
  let offset = 5;
  for (let count = answer.length < 5 ? 0 : answer.readUInt32BE(1); count > 0; count--) {
    const blob = readString(answer, offset);
    const comment = blob === undefined ? undefined : readString(answer, blob.end);
    if (blob === undefined || comment === undefined) throw new Error("the agent's answer is cut");
    keys.push({ blob: blob.value, comment: comment.value.toString("utf8") });
    offset = comment.end;
  }
  return keys;
}

/** Has an agent sign data by one of its keys; the signature comes with the name of its format. */
export async function signByAgent(
  path: string,
  request: { readonly blob: Buffer; readonly data: Buffer; readonly format: string },
  signal: AbortSignal,
): Promise<Buffer> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(RSA_FLAGS.get(request.format) ?? 0);
  const message = Buffer.concat([Buffer.from([SIGN_REQUEST]), joinStrings(request.blob, request.data), flags]);
  const answer = await askAgent(path, message, SIGN_RESPONSE, signal);
  const signature = readString(answer, 1);
  if (signature === undefined) throw new Error("the agent's answer is cut");
  return signature.value;
}

async function askAgent(path: string, message: Buffer, expected: number, signal: AbortSignal): Promise<Buffer> {
  const socket = createConnection(path);
  const abort = (): void => void socket.destroy(new Error("the agent did not answer in time"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    await once(socket, "connect", { signal });
    socket.write(joinStrings(message));
    const answer = await readAnswer(socket);
    if (answer[0] === FAILURE) throw new Error("the agent refused");
    if (answer[0] !== expected) throw new Error(`the agent answered with a message of type ${answer[0]}`);
    return answer;
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

async function readAnswer(socket: Socket): Promise<Buffer> {
  let data = Buffer.alloc(0);
  for await (const chunk of socket) {
    data = Buffer.concat([data, Buffer.from(chunk)]);
    if (data.length >= 4 && data.readUInt32BE(0) > ANSWER_LIMIT_BYTES)
      throw new Error("the agent's answer is too long");
    const answer = readString(data, 0);
    if (answer !== undefined) return answer.value;
  }
  throw new Error("the agent closed the connection");
}
