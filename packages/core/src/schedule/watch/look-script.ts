// Words: base path, mark, beginning of a submission's id (empty: the newest), bytes of events that are known, and what else is
// wanted: `plan`, `rows`, or nothing. Whatever a login's start-up files print comes before the first mark.
const FIND = `
set -u
base=$1 mark=$2 wanted=$3 known=$4 plan=$5 rows=$6
cd "$base/submissions" 2>/dev/null || { echo "$mark none"; exit 0; }
# By the target's own clock: what was begun last comes first.
newest() { ls -t -- */started 2>/dev/null | sed 's|/started$||'; }
show() {
  read -r programs <"$1/programs" && [ -x "$programs/repx-relay" ] || { echo "$mark unreadable $1"; return; }
  echo "$mark id $1"
  if [ "$plan" = plan ]; then echo "$mark plan"; cat "$1/plan.json"; echo; fi
  if [ "$rows" = rows ]; then echo "$mark rows"; cat "$1/slurm.tsv" 2>/dev/null; echo; fi
  "$programs/repx-relay" "$base" "$1" --look "$mark" "$known"
}
`;

/** Looks at one submission. */
export const LOOK_ONE = `${FIND}
if [ -z "$wanted" ]; then set -- $(newest | head -n 1); else set -- "$wanted"*; fi
[ $# -gt 0 ] && [ -d "$1" ] || { echo "$mark none"; exit 0; }
[ $# -eq 1 ] || { echo "$mark many $*"; exit 0; }
show "$1"
`;

/** Looks at the newest submissions, so many as \`wanted\` says, and asks the scheduler once. */
export const LOOK_ALL = `${FIND}
REPX_QUEUE_FILE=$(mktemp "\${TMPDIR:-/tmp}/repx-queue.XXXXXX") || exit 73
rm -f "$REPX_QUEUE_FILE"
export REPX_QUEUE_FILE
trap 'rm -f "$REPX_QUEUE_FILE"' EXIT
echo "$mark total $(newest | wc -l)"
for id in $(newest | head -n "$wanted"); do show "$id"; done
`;
