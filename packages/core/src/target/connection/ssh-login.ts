// Logs in by offering keys one after the other. ssh2 asks for each as if it were an agent's; what it cannot offer or
// sign itself (certificates, keys that live in hardware) goes past it by the seam in sendSigned.
import ssh2, { type AuthHandlerMiddleware, type BaseAgent, type Client, type ParsedKey } from "ssh2";
import type { LoginKey } from "../key/login-key.ts";
import { readField } from "../wire/read-field.ts";
import { nameSignatureFormat } from "../key/ssh-certificate.ts";
import { joinStrings, readString, readStrings, readTypeName } from "../wire/ssh-wire.ts";

/** sshd ends a connection after as many that it refused (MaxAuthTries). */
export const LOGIN_TRIES = 6;

/** A login that is under way. */
export interface Login {
  readonly handler: AuthHandlerMiddleware;
  /** What was offered so far. */
  readonly tried: readonly LoginKey[];
  /** What was not, for there were too many. */
  readonly left: readonly LoginKey[];
  /** Why keys could not sign, though the server would have taken them. */
  readonly problems: readonly string[];
  /** A key that the server took and was not content with: what it asks for besides. */
  further(): { readonly key: string; readonly methods: readonly string[] } | undefined;
}

/** Starts a login with keys in their order. */
export function startLogin(client: Client, user: string, keys: readonly LoginKey[]): Login {
  const waiting = keys.slice(0, LOGIN_TRIES);
  const tried: LoginKey[] = [];
  const problems: string[] = [];
  let further: ReturnType<Login["further"]>;
  return {
    further: () => further,
    tried,
    left: keys.slice(LOGIN_TRIES),
    problems,
    handler: (_left, _partial, next) => {
      if (tried.length === 0) {
        watchPartialSuccess(client, (methods) => {
          further = { key: tried.at(-1)?.label ?? "", methods };
        });
      }
      // A second key may be all that it asks for.
      const isOver = further !== undefined && !further.methods.includes("publickey");
      const key = isOver ? undefined : waiting.shift();
      if (key === undefined) {
        // Its types leave out the one answer that ends the login.
        Reflect.apply(next, undefined, [false]);
        return;
      }
      tried.push(key);
      next({ type: "agent", username: user, agent: makeAgent(client, key, (problem) => problems.push(problem)) });
    },
  };
}

/** Tells which methods are left when the server took a key and asks for more. ssh2 1.17 does not say so of an agent's key. */
function watchPartialSuccess(client: Client, note: (methods: readonly string[]) => void): void {
  const handlers = readField(readField(client, "_protocol"), "_handlers");
  const handle = readField(handlers, "USERAUTH_FAILURE");
  if (typeof handlers !== "object" || handlers === null || typeof handle !== "function") return;
  const watch = (...answer: readonly unknown[]): void => {
    const [, methods, isPartial] = answer;
    if (isPartial === true) note(Array.isArray(methods) ? methods.map(String) : []);
    Reflect.apply(handle, undefined, answer);
  };
  Object.assign(handlers, { USERAUTH_FAILURE: watch });
}

/** An agent with one key. ssh2 takes nothing but its own BaseAgent for an agent. */
function makeAgent(client: Client, key: LoginKey, onProblem: (problem: string) => void): BaseAgent {
  const offer = makeOffer(key);
  const sign: BaseAgent["sign"] = (_key: unknown, data: Buffer, ...rest: readonly unknown[]) => {
    const done = rest.at(-1);
    const answer = (error: Error | undefined, signature?: Buffer): void => {
      if (typeof done === "function") Reflect.apply(done, undefined, [error, signature]);
    };
    const format = nameSignatureFormat(key.algorithm);
    const signAndSend = async (): Promise<void> => {
      const signature = await key.sign(data, format);
      const plain = readPlainSignature(signature);
      if (plain !== undefined && format === key.algorithm) answer(undefined, plain);
      else if (!sendSigned(client, data, signature)) throw new Error(`this version of ssh2 cannot send ${key.label}`);
    };
    signAndSend()
      .catch((error: unknown) => {
        onProblem(error instanceof Error ? error.message : String(error));
        answer(new Error("not signed"));
      })
      // Who is asked may take longer than the server waits; then ssh2 cannot go on to the next key.
      .catch(() => {});
  };
  const agent: BaseAgent = Object.create(ssh2.BaseAgent.prototype, {
    getIdentities: { value: (done: (error: undefined, keys: ParsedKey[]) => void) => done(undefined, [offer]) },
    sign: { value: sign },
  });
  return agent;
}

/** A key of ssh2's kind that answers with our algorithm and bytes, whatever ssh2's parser thinks of them. */
function makeOffer(key: LoginKey): ParsedKey {
  const form = ssh2.utils.parseKey(`ssh-ed25519 ${joinStrings("ssh-ed25519", Buffer.alloc(32)).toString("base64")}`);
  const offer: ParsedKey = Object.create(form, {
    type: { value: key.algorithm },
    getPublicSSH: { value: () => key.blob },
  });
  return offer;
}

/** The bytes of a signature that is a format's name and one string; a hardware key's has more. */
function readPlainSignature(signature: Buffer): Buffer | undefined {
  const parts = readStrings(signature, 0, 2);
  return parts?.end === signature.length ? parts.values[1] : undefined;
}

interface PacketWriter {
  readonly allocStart: number;
  alloc(size: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

/**
 * Sends a signed login request (RFC 4252 section 7). ssh2 1.17 writes the algorithm's name over the signature too, where
 * a certificate's must bear its key's (PROTOCOL.certkeys). False where ssh2's insides look different.
 */
function sendSigned(client: Client, data: Buffer, signature: Buffer): boolean {
  const protocol = readField(client, "_protocol");
  const writer = readField(readField(protocol, "_packetRW"), "write");
  const cipher = readField(protocol, "_cipher");
  const sessionId = readString(data, 0);
  if (!isPacketWriter(writer) || !isCipher(cipher) || sessionId === undefined || readTypeName(signature) === "") {
    return false;
  }
  const payload = Buffer.concat([data.subarray(sessionId.end), joinStrings(signature)]);
  const packet = writer.alloc(payload.length);
  packet.set(payload, writer.allocStart);
  cipher.encrypt(writer.finalize(packet));
  return true;
}

function isPacketWriter(value: unknown): value is PacketWriter {
  const methods = [readField(value, "alloc"), readField(value, "finalize")];
  return methods.every((method) => typeof method === "function") && typeof readField(value, "allocStart") === "number";
}

function isCipher(value: unknown): value is { encrypt(packet: Buffer): void } {
  return typeof readField(value, "encrypt") === "function";
}
