// Runs repx-gc on a target. Its text travels with the command: a target whose disk is full takes no programs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RepxError } from "../model/errors.ts";
import { nameCommand, type Output, type Transport } from "../target/transport/transport.ts";
import { parseGcReport, type GcReport } from "./gc-report.ts";

/** What is to be collected, and where. */
export interface GcRequest {
  readonly basePath: string;
  /** Nothing is changed; the report says what would go. */
  readonly isDryRun: boolean;
  /** Automatic roots count only while their submission may be under way. */
  readonly isPinnedOnly: boolean;
  /** Days after which the folder of a submission that is over goes; 14 when not given. */
  readonly days?: number;
  /** Folder of the programs of targets; this core's own when not given. */
  readonly programs?: string;
}

const PROGRAMS = join(import.meta.dirname, "../../target");
const DAYS = 14;
/** Deleting many terabytes takes its time; what is not done then the next one does. */
const DEADLINE_SECONDS = 24 * 3600;
const LOOK_SECONDS = 300;
const EXITS = { rootUnreadable: 65, noBasePath: 66, busy: 75, denied: 77 } as const;

/** Removes from a target what no root keeps, or says what it would be. GC_BUSY while another one does it. */
export async function collectGarbage(transport: Transport, request: GcRequest): Promise<GcReport> {
  const { basePath, isDryRun, isPinnedOnly, days = DAYS } = request;
  const words = [isDryRun ? "look" : "collect", isPinnedOnly ? "pinned-only" : "auto", String(days)];
  return runProgram(transport, basePath, words, { deadlineSeconds: DEADLINE_SECONDS, programs: request.programs });
}

/** Reads the roots of a target, and which of them count. */
export async function readRoots(transport: Transport, basePath: string): Promise<GcReport> {
  return runProgram(transport, basePath, ["roots", "auto", String(DAYS)], { deadlineSeconds: LOOK_SECONDS });
}

async function runProgram(
  transport: Transport,
  basePath: string,
  words: readonly string[],
  {
    deadlineSeconds,
    programs = PROGRAMS,
  }: { readonly deadlineSeconds: number; readonly programs?: string | undefined },
): Promise<GcReport> {
  const program = await readFile(join(programs, "repx-gc"), "utf8");
  const argv = ["sh", "-c", program, "repx-gc", basePath, ...words];
  const output = await transport.run({ argv, deadlineSeconds });
  const report = output.exitCode === 0 ? parseGcReport(output.stdout) : undefined;
  if (report === undefined) throw explainEnd(output, { basePath, description: transport.description });
  return report;
}

function explainEnd(output: Output, where: { readonly basePath: string; readonly description: string }): RepxError {
  const said =
    output.stderr
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/^repx-gc: /, "") ?? "";
  const fail = (code: "GC_BUSY" | "GC_ROOT_UNREADABLE" | "SYNC_BASE_PATH_NOT_WRITABLE", hint: string): RepxError =>
    new RepxError(code, `${said} (on ${where.description})`, { hint, details: output });
  switch (output.exitCode) {
    case EXITS.busy:
      return fail("GC_BUSY", "Wait until it is done. One that was killed is found out, on another host after a day.");
    case EXITS.rootUnreadable:
      return fail(
        "GC_ROOT_UNREADABLE",
        "Look at the file. If it is a link of RepX 0.5, or the half of a root, remove it and submit its Lab again.",
      );
    case EXITS.denied:
    case EXITS.noBasePath:
      return fail("SYNC_BASE_PATH_NOT_WRITABLE", "See whose the folder is (`ls -ld`), and base_path in config.toml.");
    default: {
      const how = said === "" ? `ended with ${output.signal ?? output.exitCode}` : said;
      return new RepxError(
        "SSH_COMMAND_FAILED",
        `\`${nameCommand(["repx-gc", where.basePath])}\` on ${where.description}: ${how}`,
        {
          hint: "Run it again: it goes on where it was. If it fails again, look at the space in /tmp there.",
          details: output,
        },
      );
    }
  }
}
