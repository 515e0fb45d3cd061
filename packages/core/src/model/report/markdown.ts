// Text from outside (log lines, parameters, names) reaches Markdown only through these functions.

/** Makes a text safe inside a table cell or a sentence: no markup, no mention, no line break. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll(/[\\`*_{}[\]()|~]/g, (mark) => `\\${mark}`)
      // A zero-width space keeps GitHub from making a mention, an issue's number or a link of it.
      .replaceAll(/[@#]/g, (mark) => `${mark}\u200b`)
      .replaceAll("://", ":\u200b//")
      .replaceAll(/\b(www|GH)([.-])/gi, "$1\u200b$2")
  );
}

/** Puts a text into a code span that it cannot leave. */
export function renderCode(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").replaceAll("|", "\u2502");
  const ticks = "`".repeat(longestRun(line, "`") + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return line === "" ? "` `" : `${ticks}${pad}${line}${pad}${ticks}`;
}

/** Puts a text into a fenced block that it cannot leave. */
export function renderCodeBlock(text: string, language = "text"): string {
  // What is taken out may have kept ticks apart: the fence is measured on what is left.
  const plain = text.replaceAll(/\p{Cc}\[[0-9;?]*[ -/]*[@-~]/gu, "").replaceAll(/(?![\n\t])\p{Cc}/gu, "");
  const fence = "`".repeat(Math.max(3, longestRun(plain, "`") + 1));
  return `${fence}${language}\n${plain.replace(/\n+$/, "")}\n${fence}`;
}

function longestRun(text: string, mark: string): number {
  let longest = 0;
  let current = 0;
  for (const char of text) {
    current = char === mark ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

/** The length of a text as GitHub counts it: UTF-8 bytes (a check's summary and text hold 65,535). */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Joins the blocks of the first rung that fits into so many bytes; of the last one, where none does, as much as fits. */
export function pickWithin(rungs: readonly (() => readonly string[])[], maxBytes: number): string {
  let last: readonly string[] = [];
  for (const rung of rungs) {
    last = rung();
    const text = last.join("\n\n");
    if (byteLength(text) <= maxBytes) return text;
  }
  return keepWithin(last, maxBytes);
}

/** Keeps whole blocks from the beginning for as long as they fit. */
function keepWithin(blocks: readonly string[], maxBytes: number): string {
  let kept = "";
  for (const block of blocks) {
    const next = kept === "" ? block : `${kept}\n\n${block}`;
    if (byteLength(next) > maxBytes) break;
    kept = next;
  }
  return kept;
}

/** Renders a link; an address with anything that could end it is shown as text that leads nowhere. */
export function renderLink(words: string, address: string): string {
  return /^https?:\/\/[^\s()<>\\"'`|[\]]+$/.test(address) ? `[${words}](${address})` : words;
}
