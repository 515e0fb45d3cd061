// The bytes of a push: GNU tar's stream, and after it, only when tar succeeded, a tar with one empty file. The target
// publishes nothing without that file, so neither a broken stream nor a failed tar can pass for a whole one.
import { posix } from "node:path";
import { RepxError } from "../model/errors.ts";
import { streamCommand } from "../target/command.ts";
import type { PushGroup } from "./push-groups.ts";

/** Name of the file that says that the stream is whole. */
export const UNPACKED_MARK = "whole";

const BLOCK_BYTES = 512;
const HOURS = 24;

/** Yields the stream; entries of group k lie under `k/`. */
export async function* streamTree(
  groups: readonly PushGroup[],
  onSent: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  await using tar = streamCommand({
    argv: [
      "tar",
      "--create",
      "--file=-",
      ...FLAGS,
      ...groups.flatMap(listRenamings).toSorted(byLength).map(renderTransform),
      "--files-from=-",
    ],
    environment: { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin" },
    stdin: groups.flatMap(listNames).join("\0"),
    deadlineSeconds: HOURS * 3600,
  });
  let sent = 0;
  for await (const chunk of tar.stdout) {
    yield chunk;
    sent += chunk.length;
    onSent(sent);
  }
  const output = await tar.ended;
  if (output.exitCode !== 0) {
    const said = readLastWords(output.stderr);
    throw new RepxError(
      "SYNC_FAILED",
      `tar could not read what is to be sent: ${said === "" ? `it ended with ${output.exitCode}` : said}`,
      {
        hint: "The target is as it was. See that the files exist, are readable and are not being written to.",
        details: output,
      },
    );
  }
  yield renderMark();
}

const FLAGS = [
  "--absolute-names",
  // Understood by every tar; its headers are small and it carries names of any length.
  "--format=gnu",
  "--owner=0",
  "--group=0",
  "--numeric-owner",
  "--null",
  "--verbatim-files-from",
];

/** The last line with something to say; tar's very last one says only that there was an error. */
export function readLastWords(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => !line.includes("Exiting with failure status")) ?? "";
}

function listNames(group: PushGroup): string[] {
  return group.items.flatMap(({ source, only }) => (only ?? [""]).map((part) => posix.join(source, part)));
}

/** How names of entries change: what begins with `from` begins with `to`. */
interface Renaming {
  readonly from: string;
  readonly to: string;
}

function listRenamings(group: PushGroup): Renaming[] {
  const [first] = group.items;
  if (group.name === undefined || first === undefined) return [{ from: group.sourceFolder, to: `${group.number}` }];
  const { source, only } = first;
  return (only ?? [""]).map((part) => ({
    from: posix.join(source, part),
    to: posix.join(`${group.number}`, group.name ?? "", part),
  }));
}

/** The longest first: one may lie inside another, and a name that was changed once begins with no `/` any more. */
function byLength(left: Renaming, right: Renaming): number {
  return right.from.length - left.from.length;
}

/** Only names of entries and of hard links' targets change (`rh`), not the targets of symbolic links (`S`). */
function renderTransform({ from, to }: Renaming): string {
  return String.raw`--transform=flags=rhS;s,^${escapeBasic(from)}\(/\|$\),${escapeReplacement(to)}\1,`;
}

/** Quotes what means something in a POSIX basic regular expression, and the comma that ends it here. */
function escapeBasic(text: string): string {
  return text.replaceAll(/[\\.*[\]^$,]/g, String.raw`\$&`);
}

function escapeReplacement(text: string): string {
  return text.replaceAll(/[\\&,]/g, String.raw`\$&`);
}

/** A ustar archive with one empty file (POSIX.1-1988 header). */
function renderMark(): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  header.write(UNPACKED_MARK, 0);
  const [mode, owner, group, size, time, checksum] = [
    "0000644",
    "0000000",
    "0000000",
    "00000000000",
    "00000000000",
    "       ",
  ];
  header.write([mode, owner, group, size, time].join("\0"), 100);
  header.write(`\0${checksum} 0`, 147);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, Buffer.alloc(2 * BLOCK_BYTES)]);
}
