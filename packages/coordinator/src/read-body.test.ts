import { RepxError } from "@repx/core/model";
import { expect, test } from "vitest";
import { readBody } from "./read-body.ts";

/** A body of unknown length, in chunks of ten bytes that cut characters in two. */
function stream(text: string): Request {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(bytes.slice(at, at + 10));
      at += 10;
      if (at >= bytes.length) controller.close();
    },
  });
  return new Request("https://coordinator.test", { method: "POST", body });
}

test("reads a body that comes in pieces", async () => {
  const text = "größer als zehn Bytes: äöü€";
  expect(await readBody(stream(text), 100)).toBe(text);
});

test("counts a body whose length was not said", async () => {
  const reading = readBody(stream("x".repeat(200)), 100);
  await expect(reading).rejects.toSatisfy(
    (thrown) => thrown instanceof RepxError && thrown.code === "COORD_REQUEST_TOO_LARGE",
  );
});
