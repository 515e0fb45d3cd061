import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { nextTick } from "node:process";
import type { Duplex } from "node:stream";

/** Opens a TCP connection, to whichever of the host's addresses answers; what is written in one turn leaves at once. */
export async function openSocket(place: { host: string; port: number }, signal: AbortSignal): Promise<Socket> {
  const socket = connect({
    ...place,
    // Nagle and delayed acknowledgements make 40 ms of each small packet; measured: a login takes 40 ms, not 200 ms.
    noDelay: true,
    autoSelectFamily: true,
    // Node's 250 ms would give up addresses that are merely far away.
    autoSelectFamilyAttemptTimeout: 1000,
  });
  const abort = (): void => void socket.destroy();
  signal.addEventListener("abort", abort, { once: true });
  try {
    await once(socket, "connect", { signal });
    gatherWrites(socket);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * Makes one write of all that is written to a stream in one turn of the loop: without its native code, ssh2 writes
 * each packet in three pieces, and each piece is a system call of its own, or on a channel through a jump host a packet.
 * Measured: 0.16 s instead of 0.26 s of system time for 1 GiB sent.
 */
export function gatherWrites(stream: Duplex): void {
  const write = stream.write.bind(stream);
  let isGathering = false;
  const gather = (chunk: Uint8Array): boolean => {
    if (!isGathering) {
      isGathering = true;
      stream.cork();
      nextTick(() => {
        isGathering = false;
        stream.uncork();
      });
    }
    return isLargePacket(chunk) ? write(chunk, () => freePacket(chunk)) : write(chunk);
  };
  Object.defineProperty(stream, "write", { value: gather, configurable: true, writable: true });
}

/** The most that ssh2 makes of one packet is 35,000 bytes (RFC 4253 section 6.1); smaller ones share their memory. */
function isLargePacket({ buffer }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && buffer.byteLength > 16_384 && buffer.byteLength < 65_536;
}

/**
 * Gives back the memory of a packet that was written. ssh2 takes new memory for each, as it is and encrypted, and lets go
 * of it then; the collector would look through the whole heap after every 64 MB of it. Measured, 1 GiB sent: 2.4 s of 7.
 */
function freePacket({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}

/** Lets a channel of ssh2, which can only write piece by piece, take gathered pieces as one. */
export function joinPieces(channel: Duplex): void {
  const joinAll = (pieces: readonly { chunk: Uint8Array }[], done: (error?: Error | null) => void): void => {
    // oxlint-disable-next-line no-underscore-dangle -- the stream's own way in, past its queue
    channel._write(Buffer.concat(pieces.map((piece) => piece.chunk)), "binary", done);
  };
  Object.defineProperty(channel, "_writev", { value: joinAll, configurable: true, writable: true });
}
