// The strings of RFC 4251 section 5: a length of four bytes, then the bytes. Pure.

/** Reads the string that begins at an offset; undefined where the data are too short for it. */
export function readString(data: Buffer, offset: number): { readonly value: Buffer; readonly end: number } | undefined {
  if (offset < 0 || data.length < offset + 4) return undefined;
  const end = offset + 4 + data.readUInt32BE(offset);
  return end > data.length ? undefined : { value: data.subarray(offset + 4, end), end };
}

/** Reads `count` strings that follow each other from an offset on; undefined where there are fewer. */
export function readStrings(
  data: Buffer,
  offset: number,
  count: number,
): { readonly values: readonly Buffer[]; readonly end: number } | undefined {
  const values: Buffer[] = [];
  let end = offset;
  for (let index = 0; index < count; index++) {
    const next = readString(data, end);
    if (next === undefined) return undefined;
    values.push(next.value);
    end = next.end;
  }
  return { values, end };
}

/** Renders strings one behind the other. */
export function joinStrings(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = typeof part === "string" ? Buffer.from(part) : part;
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Names the type of a public key, a certificate or a signature: its first string. */
export function readTypeName(blob: Buffer): string {
  return readString(blob, 0)?.value.toString("latin1") ?? "";
}
