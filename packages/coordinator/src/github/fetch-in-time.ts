const REQUEST_TIMEOUT_MS = 15_000;

/**
 * Fetches with a deadline, the body too. Not by AbortSignal.timeout: its timer keeps the object awake, and paid for, until it
 * runs out.
 */
export async function fetchInTime(url: string, init: RequestInit): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), REQUEST_TIMEOUT_MS);
  try {
    const response = await fetch(url, { ...init, signal: controller.signal });
    const body = await response.arrayBuffer();
    return new Response(body.byteLength === 0 ? null : body, response);
  } finally {
    clearTimeout(timer);
  }
}
