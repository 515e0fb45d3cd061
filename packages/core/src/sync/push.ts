// Sends files to a target in one tar stream. They are unpacked in a staging folder beside their places and renamed into
// them, so that nobody ever sees half of one; what is there already stays.
import { randomUUID } from "node:crypto";
import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { RepxError } from "../model/errors.ts";
import type { Transport } from "../target/transport.ts";
import { PUBLISH_SCRIPT } from "./publish-script.ts";
import type { TransferProgress } from "./progress.ts";
import { countFiles } from "./count-files.ts";
import { groupItems, type PushItem } from "./push-groups.ts";
import { readLastWords, streamTree, UNPACKED_MARK } from "./tree-stream.ts";

export type { PushItem } from "./push-groups.ts";

/** What to send where. */
export interface PushRequest {
  readonly basePath: string;
  readonly items: readonly PushItem[];
  /** A name for the staging folder that no other push uses at the same time; random when not given. */
  readonly stagingName?: string;
  readonly onProgress?: (progress: TransferProgress) => void;
  /** 3600 when not given. */
  readonly deadlineSeconds?: number;
}

/** Sends all items, none of which is put into place before all have arrived; the figures are those of the files. */
export async function pushTree(transport: Transport, request: PushRequest): Promise<{ bytes: number; files: number }> {
  const { basePath, items, stagingName = randomUUID() } = request;
  if (items.length === 0) return { bytes: 0, files: 0 };
  await checkSources(items);
  const groups = groupItems(items);
  const total = { bytes: 0, files: 0 };
  // Counting goes on beside the sending: neither waits for the other.
  const counted = countFiles(items, total);
  const stream = streamTree(groups, (sentBytes) =>
    request.onProgress?.({ doneBytes: Math.min(sentBytes, total.bytes), totalBytes: total.bytes }),
  );
  const [output] = await Promise.all([
    transport.run({
      argv: [
        "sh",
        "-c",
        PUBLISH_SCRIPT,
        "publish",
        basePath,
        stagingName,
        UNPACKED_MARK,
        ...groups.flatMap(renderGroup),
      ],
      stdin: stream,
      deadlineSeconds: request.deadlineSeconds ?? 3600,
    }),
    counted,
  ]);
  if (output.exitCode !== 0) throw describeFailure(transport, basePath, output.exitCode, output.stderr, output);
  request.onProgress?.({ doneBytes: total.bytes, totalBytes: total.bytes });
  return total;
}

/** Checks that everything to be sent is there; LAB_STORE_PATH_MISSING names a store path that is not. */
export async function checkSources(items: readonly PushItem[]): Promise<void> {
  for (const { source, destination } of items) {
    const found = await lstat(source).catch(() => undefined);
    if (found !== undefined) continue;
    const isStore = destination.startsWith("artifacts/store/");
    throw new RepxError(isStore ? "LAB_STORE_PATH_MISSING" : "SYNC_FAILED", `${source} is not on this machine`, {
      hint: isStore
        ? `Build the Lab on this machine, or fetch the path: \`nix-store --realise /nix/store/${posix.basename(source)}\`.`
        : "Build the Lab again; something removed a part of it.",
    });
  }
}

function renderGroup(group: ReturnType<typeof groupItems>[number]): string[] {
  return [group.folder, group.rules];
}

function describeFailure(
  transport: Transport,
  basePath: string,
  exitCode: number,
  stderr: string,
  details: unknown,
): RepxError {
  const said = readLastWords(stderr);
  const what = `could not send files to ${basePath} on ${transport.description}`;
  const isFull = /no space left|disk quota exceeded/i.test(stderr);
  return new RepxError("SYNC_FAILED", `${what}: ${said === "" ? `the target ended with ${exitCode}` : said}`, {
    hint: isFull
      ? `Make room on the file system of ${basePath} (\`df -h ${basePath}\`, \`quota\`), then try again.`
      : "The target is as it was. Try again; if it happens again, run `tar --version` there: GNU tar is needed.",
    details,
  });
}
