import { randomUUID } from "node:crypto";
import type { Transport } from "../target/transport/transport.ts";
import { readSlurmFacts, type SlurmAnswer, type SlurmFacts } from "./slurm-facts.ts";

// Hidden partitions too: one may be named that is not shown.
const ASK = `
mark=$1
export LC_ALL=C
within() { timeout 20 "$@" 2>/dev/null; }
echo "$mark config"; within scontrol show config
echo "$mark partitions"; within scontrol -a -o show partition
echo "$mark nodes"; within sinfo -h -a -e -o '%R|%c|%m'
echo "$mark environment"; echo "\${SBATCH_PARTITION-}"; echo "\${SBATCH_CLUSTERS-}\${SLURM_CLUSTERS-}"
echo "$mark end"
`;

/** Asks a target's SLURM for its limits, in one remote command; what it does not answer is not known, and no failure. */
export async function askSlurm(transport: Transport): Promise<SlurmFacts> {
  const mark = randomUUID();
  const { stdout } = await transport.run({ argv: ["sh", "-c", ASK, "sh", mark], deadlineSeconds: 90 });
  return readSlurmFacts(splitSections(stdout, mark));
}

/** A login's start-up files may print whatever they like before the first mark. */
function splitSections(text: string, mark: string): SlurmAnswer {
  const sections = new Map<string, string[]>();
  let section: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(`${mark} `)) {
      section = [];
      sections.set(line.slice(mark.length + 1), section);
    } else section.push(line);
  }
  return sections;
}
