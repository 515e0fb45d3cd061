import { randomUUID } from "node:crypto";
import type { Transport } from "../target/transport/transport.ts";
import type { SubmissionPlace } from "./sbatch-command.ts";
import { checkScancel } from "./scancel-answer.ts";

// The target's own list knows also a batch whose answer was lost with the connection. The agent takes a file a wish, and looks
// for them every few seconds; a bell makes it look at once. What another submission waits for that is not cancelled stays in
// SLURM's queue (awaited.tsv), and goes with the last one that waits for it. Arrays of which all goes are one word.
//
// repx-submit goes on without its connection: it is told to stop, with its sbatch, before its arrays are cancelled. Of a batch
// that was begun and not recorded, SLURM is asked by its comment. The brackets keep grep from finding itself.
//
// A job whose parts are tasks of their own goes first, then its scatter, then the arrays of its work items, which SLURM is asked for
// when no scatter is left that could submit more. What one has in flight dies by itself: it depends on that scatter's success.
const CANCEL = `
set -u
LC_ALL=C
export LC_ALL
folder=$1 base=$2 name=$3; shift 3
[ -d "$folder" ] || exit 0
if [ -d "$folder/local" ]; then
  [ $# -gt 0 ] || set -- all
  mkdir -p "$folder/local/cancel" && printf '%s\\n' "$@" >"$folder/local/cancel/.$name" &&
    mv "$folder/local/cancel/.$name" "$folder/local/cancel/w$name" || exit
  { read -r agent <"$folder/local/agent"; } 2>/dev/null || agent=none
  [ ! -p "$base/$agent/bell" ] || printf . 1<>"$base/$agent/bell"
  [ "$1" != all ] || touch "$folder/submitted"
  exit
fi
cd "$folder" || exit 1
tab=$(printf '\\t')
# Before the others are looked at: of two that are cancelled at once one sees the other.
[ $# -gt 0 ] || touch cancelled 2>/dev/null
find_submitters() {
  for link in submit/[0-9]*; do
    holder=$(readlink "$link") && [ "\${holder#* }" = "$(uname -n)" ] || continue
    case $(tr '\\000' ' ' 2>/dev/null <"/proc/\${holder%% *}/cmdline") in *repx-submit*"$1"*) echo "\${holder%% *}" ;; esac
  done
  grep -l -e "--comment=[r]epx:$1:" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3
}
list_arrays() {
  for word in $(env | sed -n 's/^\\(SQUEUE_[A-Z0-9_]*\\)=.*/\\1/p'); do unset "$word"; done
  timeout 20 squeue --me --all -h -t all -o '%F %k' || { [ $? != 124 ] || echo 'squeue timed out' >&2; return 1; }
}
# Batches without a table run scatters: of each its array, that of the gathers, and how the comments of work items begin.
list_scatters() {
  for recorded in "$1"/batches/*.id; do
    at=\${recorded%.id} number=\${recorded##*/} number=\${number%.id}
    [ -e "$recorded" ] && [ ! -e "$at.tsv" ] && read -r scatter <"$recorded" || continue
    gather=none next=$((number + 1))
    { read -r gather <"$1/batches/$next.id"; } 2>/dev/null
    printf 'scatter\\t%s\\t%s\\t%s\\n' "$scatter" "$gather" "repx:$2:$next:"
  done
}
id=\${PWD##*/} tries=0 queue='' is_asked=0
if [ $# -eq 0 ]; then
  while pids=$(find_submitters "$id") && [ -n "$pids" ] && [ "$tries" -lt 20 ]; do
    kill $pids 2>/dev/null
    sleep 0.5
    tries=$((tries + 1))
  done
  touch submitted 2>/dev/null
  for begun in batches/*.begun; do
    [ -e "$begun" ] && [ ! -e "\${begun%.begun}.id" ] || continue
    queue=$(list_arrays)
    is_asked=$?
    break
  done
fi
wishes=$({
  if [ $# -eq 0 ]; then
    # Whoever was stopped may have had an id on the disk, and not yet its rows.
    cat batches/*.id 2>/dev/null | sed "s/^/array$tab/"
    printf '%s\\n' "$queue" | awk -v prefix="repx:$id:" 'index($2, prefix) == 1 && split($2, part, ":") == 3 { print "array\\t" $1 }'
  fi
  list_scatters . "$id"
  for other in ../s*; do
    if [ "$other" = "../\${PWD##*/}" ]; then [ $# -gt 0 ] || printf 'gone\\t%s\\n' "\${other##*/}"
    elif [ -e "$other/cancelled" ]; then printf 'gone\\t%s\\n' "\${other##*/}"; list_scatters "$other" "\${other##*/}"
    elif [ -s "$other/awaited.tsv" ]; then sed "s/^/keep$tab/" "$other/awaited.tsv"; fi
  done
  if [ $# -gt 0 ]; then
    printf 'mine\\t%s\\n' "$@"
  else
    sed "s/^/mine$tab/" slurm.tsv 2>/dev/null
    sed "s/^/awaited$tab/" awaited.tsv 2>/dev/null
  fi
} | awk -F '\\t' -v name="$name" -v asked=$# '
  $1 == "keep" { keep[$2] }
  $1 == "gone" { gone[$2] }
  $1 == "array" { accepted[$2] }
  $1 == "mine" { mine[$2] }
  $1 == "awaited" && ($4 in gone) { task[$2] }
  $1 == "scatter" { scatter[$3] = $2; gather[$2] = $3; comment[$2] = $4 }
  function wish(id,    part) {
    print 0, id
    split(id, part, "_")
    if (!(part[1] in scatter)) return
    print 1, scatter[part[1]] (2 in part ? "_" part[2] : "")
    print 2, comment[scatter[part[1]]] (2 in part ? part[2] ":" : "")
  }
  END {
    for (id in mine) {
      array = id; sub(/_.*/, "", array); arrays[array]
      if (id in keep) { is_parted[array]; print name, id >"/dev/stderr" } else task[id]
    }
    for (id in task) {
      array = id; sub(/_.*/, "", array)
      if (id in keep) continue
      if (!asked && array in arrays && !(array in is_parted)) whole[array]; else wish(id)
    }
    for (array in accepted) if (!(array in arrays) && !(array in gather)) whole[array]
    for (array in accepted) if (array in gather && gather[array] == "none") { print 1, array; print 2, comment[array] }
    for (array in whole) wish(array)
  }' | sort -u)
cancel_pass() { printf '%s\\n' "$wishes" | sed -n "s/^$1 //p" | xargs -r scancel; }
code=0
cancel_pass 0 || code=$?
cancel_pass 1 || code=$?
parts=$(printf '%s\\n' "$wishes" | sed -n "s/^2 /part$tab/p")
if [ -n "$parts" ]; then
  queue=$(list_arrays) || is_asked=1
  printf '%s\\n%s\\n' "$parts" "$queue" | awk '
    /^part/ { parts[$2]; next }
    { for (part in parts) if (index($2, part) == 1) print $1 }' | sort -u | xargs -r scancel || code=$?
fi
[ "$code" = 0 ] || exit "$code"
[ "$is_asked" = 0 ] && { [ $# -gt 0 ] || { [ -e submitted ] && [ -e cancelled ]; }; }
`;

/**
 * Cancels a submission, or those of its tasks that are named by their ids, as far as the target knows of them; what has ended
 * stays as it is. Says the ids that stay in the queue because another submission waits for them. With the scheduler `local`
 * this is a wish: the task has ended when its state says so. SLURM_UNREACHABLE when the controller does not answer.
 */
export async function cancelSubmission(
  transport: Transport,
  place: Pick<SubmissionPlace, "basePath" | "id">,
  ids: readonly string[] = [],
): Promise<readonly string[]> {
  const odd = ids.find((id) => !/^[0-9]{1,12}(_[0-9]{1,12})?$/.test(id));
  if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd)} is not the id of a task`);
  const folder = `${place.basePath}/submissions/${place.id}`;
  const name = randomUUID();
  const output = await transport.run({
    argv: ["sh", "-c", CANCEL, "sh", folder, place.basePath, name, ...ids],
    deadlineSeconds: 180,
  });
  const lines = output.stderr.split("\n");
  const isKept = (line: string): boolean => line.startsWith(`${name} `);
  checkScancel(transport, { ...output, stderr: lines.filter((line) => !isKept(line)).join("\n") });
  return lines.filter(isKept).map((line) => line.slice(name.length + 1));
}
