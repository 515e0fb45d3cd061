import { expect } from "vitest";
import { Lab } from "../../lab-door.ts";
import { RepxError } from "../../model/errors.ts";

/** Opens and verifies a Lab that must be refused: by LAB_INVALID, with a short message on one line. */
export async function refuseLabAt(path: string): Promise<RepxError> {
  const error: unknown = await Lab.open(path)
    .then(
      async (lab) => lab.verify().then(() => undefined),
      (caught: unknown) => caught,
    )
    .catch((caught: unknown) => caught);
  if (!(error instanceof RepxError)) throw new Error(`no RepxError: ${String(error)}`);
  expect(error.code).toBe("LAB_INVALID");
  expect(error.message.length).toBeLessThan(3000);
  expect(error.message).not.toMatch(/\p{Cc}/u);
  return error;
}
