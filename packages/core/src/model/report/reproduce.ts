// The command with which somebody else runs the same.
import type { RunName } from "../ids.ts";
import type { Submission } from "../submission.ts";
import { renderCodeBlock } from "./markdown.ts";

/**
 * Nothing that a shell would take apart, and no word that another program would take for a flag. A reference that holds
 * anything else gives no command: what cannot be shown safely is not shown.
 */
const PLAIN = /^[A-Za-z0-9.][\w./:,+=-]*(?:#[\w.-]+)?$/;
const PUBLIC = "https://github.com";
const LOCAL = /^(?:path|file|git\+file|tarball\+file):/;
const COMMIT = /(?:^|[/=])[0-9a-f]{40}(?=$|[#&?])/;

/** Renders how to run one run again out of the same commit; nothing where the Lab was named by a folder of one machine. */
export function renderReproduction(submission: Submission, run: RunName, serverUrl = PUBLIC): string[] {
  const reference = renderReference(submission, serverUrl);
  if (reference === undefined) return [];
  return [
    "### Reproduce exactly",
    renderCodeBlock(`repx run ${run} --lab ${reference}`, "sh"),
    "It builds the Lab that is named below, and reuses what has succeeded on your target.",
  ];
}

/** Names the Lab so that everybody means the same: `.#lab` is the repository's flake at the commit. */
function renderReference({ labReference, repository, headSha }: Submission, serverUrl: string): string | undefined {
  if (labReference === undefined) return undefined;
  const [path = "", ...attribute] = labReference.split("#");
  const output = attribute.length === 0 ? "" : `#${attribute.join("#")}`;
  const folder = readFolder(path, attribute.length > 0);
  if (folder === undefined) {
    // Somebody else's flake is the same one only where its commit is named.
    const isReachable = path.includes(":") && !LOCAL.test(path);
    return isReachable && COMMIT.test(path) ? keepPlain(labReference) : undefined;
  }
  // `github:` means github.com; a server of one's own is reached as every Git server.
  const isPublic = serverUrl === PUBLIC;
  const flake = isPublic ? `github:${repository}/${headSha}` : `git+${serverUrl}/${repository}?rev=${headSha}`;
  const inside = folder === "" ? "" : `${isPublic ? "?" : "&"}dir=${folder}`;
  return keepPlain(`${flake}${inside}${output}`);
}

/** The folder of a flake of this repository; undefined for a path that may be a ready-made Lab, or lies elsewhere. */
function readFolder(path: string, hasAttribute: boolean): string | undefined {
  if (path === "." || path === "./" || path === "") return "";
  if (!hasAttribute || path.includes(":") || path.startsWith("/")) return undefined;
  const parts = path.split("/").filter((part) => part !== "." && part !== "");
  return parts.includes("..") ? undefined : parts.join("/");
}

function keepPlain(reference: string): string | undefined {
  if (PLAIN.test(reference)) return reference;
  // `?` and `&` mean something to a shell; between single quotes, of which there is none in it, they do not.
  return PLAIN.test(reference.replaceAll(/[?&]/g, "=")) ? `'${reference}'` : undefined;
}
