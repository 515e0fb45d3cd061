const MOST = 220;

/** Renders text of a Lab for a message: on one line, without control characters, and cut where it is long. */
export function clipText(text: string, most = MOST): string {
  const cut = text.length > most ? `${text.slice(0, most)}… (${text.length} characters)` : text;
  return cut.replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Lists the first of many names, and how many more there are. */
export function listSome(names: readonly string[], most: number): string {
  const more = names.length > most ? ` and ${names.length - most} more` : "";
  return `${names
    .slice(0, most)
    .map((name) => clipText(name))
    .join(", ")}${more}`;
}
