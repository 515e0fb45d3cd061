import type { Lab } from "../model/lab.ts";
import { clipText } from "./clip-text.ts";

/** The version of RepX whose format this is. */
const KNOWN_VERSION = /^0\.5(\.|$)/;

/** Lists what a person should know of a Lab before it is used, a sentence each. */
export function listWarnings({ repxVersion }: Lab): string[] {
  if (repxVersion !== undefined && KNOWN_VERSION.test(repxVersion)) return [];
  const maker = repxVersion === undefined ? "a RepX that does not say its version" : `RepX ${clipText(repxVersion)}`;
  return [`The Lab was made by ${maker}; this reader knows the format of 0.5.`];
}
