// Paths as bytes (see BytePath), to and from what Node takes and what a person reads.
import type { BytePath } from "./tree-entry.ts";

/** Gives the bytes of a path that a person or a program named, as UTF-8. */
export function encodePath(text: string): BytePath {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** Joins a tree's absolute source and a path in it. */
export function joinSource(source: string, path: BytePath): BytePath {
  return joinPath(encodePath(source), path);
}

/** Joins two byte paths; an empty second one is the first itself. */
export function joinPath(folder: BytePath, path: BytePath): BytePath {
  return path === "" ? folder : `${folder}/${path}`;
}

/** Gives the form of a path that Node's functions take without changing a byte of it. */
export function toDiskPath(path: BytePath): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

/** Renders a path for a message: UTF-8 where it is that, and nothing that moves a terminal's cursor. */
export function renderPath(path: BytePath): string {
  const text = Buffer.from(path, "latin1").toString("utf8");
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text);
}
