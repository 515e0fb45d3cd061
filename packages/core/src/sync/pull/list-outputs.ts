import { randomUUID } from "node:crypto";
import { RepxError } from "../../model/errors.ts";
import { runChecked, type Output, type Transport } from "../../target/transport/transport.ts";
import { openIntake, type Intake } from "./intake.ts";
import { LIST_SCRIPT } from "./list-script.ts";
import { startListing, type ListedEntry, type OutputListing } from "./parse-listing.ts";
import type { PullRequest } from "./pull-request.ts";
import { startStreamHead } from "./stream-head.ts";

const DEADLINE_SECONDS = 3600;
/** What a zstd frame begins with (RFC 8878 section 3.1.1); a record begins with a letter. */
const ZSTD_BYTE = 0x28;

/** Asks a target, in one command, what lies in the folders of jobs; `onEntries` hears it while the target still looks. */
export async function listOutputs(
  transport: Transport,
  request: PullRequest,
  onEntries: (entries: readonly ListedEntry[]) => void,
): Promise<OutputListing> {
  const { basePath, jobs, parts, isSucceededOnly = false } = request;
  const mark = randomUUID();
  const head = startStreamHead(mark);
  const reader = startListing(mark, jobs);
  const read = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    // Names need not be UTF-8, which `Output.stdout` is.
    for await (const chunk of chunks) onEntries(reader.add(chunk.toString("latin1")));
  };
  const held: { intake?: Intake<void> } = {};
  const which = isSucceededOnly ? "succeeded" : "all";
  const output = await runChecked(transport, {
    argv: ["sh", "-c", LIST_SCRIPT, "list", basePath, mark, parts.join(","), which],
    stdin: jobs.map((id) => `${id}\n`).join(""),
    onStdout: (chunk) => {
      const bytes = head.strip(chunk);
      if (bytes.length > 0) held.intake ??= openIntake(bytes[0] === ZSTD_BYTE, read);
      return held.intake?.write(bytes);
    },
    deadlineSeconds: DEADLINE_SECONDS,
  });
  await held.intake?.end().catch((error: unknown) => {
    throw held.intake?.isDamaged() === true ? refuseListing(transport.description, output) : error;
  });
  const listing = reader.end();
  if (listing === undefined) throw refuseListing(transport.description, output);
  if (listing.isAbsent) {
    throw new RepxError("INPUT_INVALID", `there is no folder ${basePath} on ${transport.description}`, {
      hint: "Name the folder that the jobs ran in: `base_path` of the target, or a base path on this machine.",
    });
  }
  return listing;
}

function refuseListing(where: string, output: Output): RepxError {
  return new RepxError("SSH_COMMAND_FAILED", `${where} did not say to the end what jobs left there`, {
    hint: "Try again. If it happens again, see what the user's shell start-up files do when no terminal is there.",
    details: output,
  });
}
