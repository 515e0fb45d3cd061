/** What a Markdown file offers to links and asks of them. */
export interface MarkdownOutline {
  /** The anchors that GitHub gives to the headings. */
  readonly anchors: ReadonlySet<string>;
  readonly links: readonly { readonly line: number; readonly target: string }[];
  readonly fences: readonly MarkdownFence[];
}

/** A fenced block: what stands behind its opening fence, and what it holds. */
export interface MarkdownFence {
  readonly info: string;
  readonly text: string;
}

const LINK = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;

/** Reads headings, links and fenced blocks; code is looked for neither headings nor links. */
export function readOutline(text: string): MarkdownOutline {
  const anchors = new Set<string>();
  const links: { line: number; target: string }[] = [];
  const fences: MarkdownFence[] = [];
  let fence: { mark: string; info: string; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const mark = /^ *(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence !== undefined) {
      if (mark?.[1]?.startsWith(fence.mark) === true && mark[2]?.trim() === "") {
        fences.push({ info: fence.info, text: fence.lines.join("\n") });
        fence = undefined;
      } else fence.lines.push(line);
      continue;
    }
    if (mark?.[1] !== undefined) {
      fence = { mark: mark[1], info: mark[2]?.trim() ?? "", lines: [] };
      continue;
    }
    const heading = /^#{1,6} +(.+?)(?: +#+)?$/.exec(line)?.[1];
    if (heading !== undefined) addAnchor(anchors, heading);
    for (const [, target = ""] of line.replaceAll(/`+[^`]*`+/g, "").matchAll(LINK)) {
      links.push({ line: index + 1, target });
    }
  }
  return { anchors, links, fences };
}

/** GitHub's rule: lower case, without marks, blanks as hyphens, a number behind the second of equal ones. */
function addAnchor(anchors: Set<string>, heading: string): void {
  const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
  const slug = plain.replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "").replaceAll(" ", "-");
  let anchor = slug;
  for (let number = 1; anchors.has(anchor); number += 1) anchor = `${slug}-${number}`;
  anchors.add(anchor);
}
