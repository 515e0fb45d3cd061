/**
 * Words: base path, mark, beginning of a job's id. Prints `<mark> <job> <last attempt> <marker or -> <submission or ->` for each; the
 * submission is the newest one that has handed the job over.
 */
export const LIST_ATTEMPTS = `
set -u
base=$1 mark=$2 beginning=$3 tab=$(printf '\\t')
{
  cd "$base/outputs" 2>/dev/null && ls -d -- "$beginning"*/repx 2>/dev/null | sed 's|/repx$||'
  cd "$base/submissions" 2>/dev/null && cat -- */batches/*.tsv 2>/dev/null | cut -f 1 | grep -e "^$beginning"
} | sort -u | head -n 50 | while read -r job; do
  repx=$base/outputs/$job/repx last=0 marker=
  if [ -e "$repx/job.json" ]; then
    last=1
    while [ -e "$repx/attempts/$last" ]; do last=$((last + 1)); done
  fi
  for name in SUCCESS FAIL; do [ ! -e "$repx/$name" ] || marker=$name; done
  newest=$(cd "$base/submissions" 2>/dev/null && ls -t -- */started 2>/dev/null | sed 's|/started$||' | while read -r id; do
    if grep -q -e "^$job$tab" "$id"/batches/*.tsv 2>/dev/null; then echo "$id"; break; fi
  done)
  echo "$mark $job $last \${marker:--} \${newest:--}"
done
`;

/** Words: mark, base path, job, file, number of an earlier attempt or nothing, number of lines or nothing. */
export const READ_LOG = `
set -u
mark=$1 folder=$2/outputs/$3/repx file=$4 earlier=$5 lines=$6
[ -z "$earlier" ] || folder=$folder/attempts/$earlier
echo "$mark 0"
[ -e "$folder/$file" ] || exit 0
if [ -z "$lines" ]; then cat "$folder/$file"; else tail -n "$lines" "$folder/$file"; fi
`;

/**
 * Words: mark, base path, job, file, where to begin: \`-<lines>\` of the end (\`-\`: all), or \`+<bytes>\` that are known; and the
 * submission whose attempt it is, or nothing. The attempt's marker ends it, and so does the end of standard input: for what
 * was killed, or never begins, leaves none.
 */
export const FOLLOW_LOG = `
set -u
mark=$1 base=$2 job=$3 file=$4 from=$5 submission=$6
repx=$2/outputs/$3/repx log=$2/outputs/$3/repx/$4
# Whoever reads holds our standard input open.
exec 3<&0
{ cat >/dev/null; kill $$ 2>/dev/null; } <&3 3<&- &
watcher=$! reader=
trap 'kill $watcher $reader 2>/dev/null' EXIT
trap 'exit 0' TERM HUP PIPE
# What an earlier submission's attempt left lies there until the new one begins.
is_current() {
  [ -n "$submission" ] || return 0
  { IFS= read -r first <"$repx/job.json"; } 2>/dev/null || return 1
  case $first in *"\\"submission\\":\\"$submission\\","*) return 0 ;; esac
  return 1
}
has_ended() {
  ls "$repx" >/dev/null 2>&1
  { [ -e "$repx/SUCCESS" ] || [ -e "$repx/FAIL" ]; } && is_current
}
until is_current && [ -e "$log" ]; do
  ! has_ended || exit 0
  sleep 1
done
case $from in
  +*) start=\${from#+} ;;
  -) start=0 ;;
  *) size=$(wc -c <"$log") && start=$((size - $(head -c "$size" "$log" | tail -n "\${from#-}" | wc -c))) ;;
esac
echo "$mark $start"
tail -c "+$((start + 1))" -F "$log" 2>/dev/null </dev/null 3<&- &
reader=$!
while ! has_ended; do
  kill -0 "$reader" 2>/dev/null || exit 75
  sleep 1
done
# What was written last: tail looks once a second where the kernel does not tell it.
sleep 2
`;
