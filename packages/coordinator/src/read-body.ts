import { RepxError } from "@repx/core/model";

/** Reads a request's body as text; stops at the limit, whatever its length was said to be (COORD_REQUEST_TOO_LARGE). */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  // Not fatal: one broken line of a batch is refused by itself, and JSON of broken text by its schema.
  const decoder = new TextDecoder("utf-8");
  const parts: string[] = [];
  await readChunks(request, maxBytes, (chunk) => parts.push(decoder.decode(chunk, { stream: true })));
  parts.push(decoder.decode());
  return parts.join("");
}

/** Reads a request's body as it is, for a signature; with the same limit. */
export async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await readChunks(request, maxBytes, (chunk) => chunks.push(chunk));
  return Buffer.concat(chunks);
}

async function readChunks(request: Request, maxBytes: number, take: (chunk: Uint8Array) => void): Promise<void> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw refuse(maxBytes);
  if (request.body === null) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  let size = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    size += chunk.value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw refuse(maxBytes);
    }
    take(chunk.value);
  }
}

function refuse(maxBytes: number): RepxError {
  return new RepxError("COORD_REQUEST_TOO_LARGE", `the body is larger than ${maxBytes / 1_000_000} MB`, {
    hint: "Send events in smaller batches and smaller files; submit fewer runs at once.",
  });
}
