import { userInfo } from "node:os";
import { getuid } from "node:process";

/** Reads the name of the user who runs this, else the number: in a container the user may have no name. */
export function readLocalUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(readUserNumber());
  }
}

/** Reads the number of the user who runs this. */
export function readUserNumber(): number {
  return getuid?.() ?? 0;
}
