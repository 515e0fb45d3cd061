/** Bytes that come in pieces, taken in other pieces. */
export interface ByteQueue {
  /** Exactly so many bytes, or what is left at the end. */
  take(bytes: number): Promise<Buffer>;
  /** At least one byte and at most so many; empty at the end. */
  takeSome(bytes: number): Promise<Buffer>;
}

/** Opens a queue on a source of chunks. */
export function openByteQueue(source: AsyncIterable<Buffer>): ByteQueue {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (): Promise<boolean> => {
    while (rest.length === 0) {
      const next = await chunks.next();
      if (next.done === true) return false;
      rest = next.value;
    }
    return true;
  };
  const cut = (bytes: number): Buffer => {
    const found = rest.subarray(0, bytes);
    rest = rest.subarray(found.length);
    return found;
  };
  const takeSome = async (bytes: number): Promise<Buffer> => ((await fill()) ? cut(bytes) : rest);
  return {
    takeSome,
    async take(bytes) {
      if (rest.length >= bytes) return cut(bytes);
      const parts: Buffer[] = [];
      for (let left = bytes; left > 0; left -= parts.at(-1)?.length ?? 0) {
        const part = await takeSome(left);
        if (part.length === 0) break;
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
  };
}
