import { runChecked, type Transport } from "../target/transport/transport.ts";

/** POSIX sh without any other program where the base path is there. On stdin: a place a line. Word: base path. */
export const FIND_MISSING_SCRIPT = String.raw`
cd -- "$1" 2>/dev/null || exec cat
while IFS= read -r place; do
  [ -e "$place" ] || [ -L "$place" ] || printf '%s\n' "$place"
done
`;
const PLACE = /^[0-9A-Za-z_+?=][0-9A-Za-z._+?=/-]*$/;

/** Asks which of these places, relative to the base path, a target does not have; in one command, or none for none. */
export async function findMissing(
  transport: Transport,
  basePath: string,
  places: readonly string[],
): Promise<readonly string[]> {
  if (places.length === 0) return [];
  const odd = places.find((place) => !PLACE.test(place));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} is not a place under a base path`);
  const output = await runChecked(transport, {
    argv: ["sh", "-c", FIND_MISSING_SCRIPT, "find-missing", basePath],
    stdin: places.map((place) => `${place}\n`).join(""),
  });
  const missing = new Set(output.stdout.split("\n"));
  return places.filter((place) => missing.has(place));
}
