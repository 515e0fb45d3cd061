import { randomUUID } from "node:crypto";
import { SubmissionId } from "../model/ids.ts";
import { runChecked, type Transport } from "../target/transport/transport.ts";

// A relay that ends in order takes its pid file with it and says so in its log; whatever else is found may have work left.
const LIST_OPEN = `
set -u
cd "$1/submissions" 2>/dev/null || exit 0
for folder in s*; do
  [ -e "$folder/started" ] && [ -r "$folder/plan.json" ] || continue
  if [ -e "$folder/submitted" ] && [ ! -e "$folder/relay.pid" ]; then
    grep -q -e ' all jobs have ended and are reported$' -e ' 30 days are over$' "$folder/relay.log" 2>/dev/null && continue
  fi
  echo "$2 $folder"
done
`;

/** Lists the submissions of a target of which something may be left to do or to tell; one look at each tells for certain. */
export async function listOpenSubmissions(transport: Transport, basePath: string): Promise<SubmissionId[]> {
  const mark = randomUUID();
  const argv = ["sh", "-c", LIST_OPEN, "sh", basePath, mark];
  const { stdout } = await runChecked(transport, { argv, deadlineSeconds: 120 });
  return stdout.split("\n").flatMap((line) => {
    const [word, id] = line.split(" ");
    const parsed = SubmissionId.safeParse(id);
    return word === mark && parsed.success ? [parsed.data] : [];
  });
}
