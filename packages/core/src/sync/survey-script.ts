/**
 * POSIX sh: makes the folders under a base path and says what is there, one line a finding.
 * Words: mark, base path, Lab hash, programs' hash, most bytes of one metrics.json, most bytes of all of them.
 * On stdin: `s/<store name>` and `j/<job id>`, a line each. No process is started for each of them.
 */
export const SURVEY_SCRIPT = String.raw`
set -uf
mark=$1 base=$2 lab=$3 programs=$4 one=$5 all=$6
umask 022
names=$(cat)
printf '\nbegin %s\nuser %s\n' "$mark" "$(id -un 2>/dev/null || id -u)"
refuse() { printf 'unwritable %s\nend %s\n' "$1" "$mark"; exit 0; }
if ! said=$(LC_ALL=C mkdir -p -- "$base/artifacts/store" "$base/artifacts/jobs" "$base/artifacts/labs" "$base/outputs" "$base/bin" 2>&1 &&
  { [ -d "$base/submissions" ] || LC_ALL=C mkdir -m 700 -- "$base/submissions"; } 2>&1); then
  refuse "$(printf '%s' "$said" | tail -n 1)"
fi
cd -- "$base" || refuse "it cannot be entered"
for folder in artifacts artifacts/store artifacts/jobs artifacts/labs outputs bin submissions; do
  [ -w "$folder" ] && [ -x "$folder" ] || refuse "$folder is not writable"
done
[ -d "artifacts/labs/$lab" ] && echo lab
[ -d "bin/$programs" ] && echo programs
command -v sbatch >/dev/null 2>&1 && echo sbatch
printf 'df %s\n' "$(df -Pk . 2>/dev/null | tail -n 1)"
IFS='
'
metrics=
for name in $names; do
  id=${"$"}{name#?/}
  case $name in
  s/*) [ -e "artifacts/store/$id" ] || [ -L "artifacts/store/$id" ] || printf 'missing-store %s\n' "$id" ;;
  j/*)
    [ -d "artifacts/jobs/$id" ] || printf 'missing-job %s\n' "$id"
    if [ -e "outputs/$id/repx/SUCCESS" ]; then
      printf 'success %s\n' "$id"
      [ -f "outputs/$id/out/metrics.json" ] && [ -r "outputs/$id/out/metrics.json" ] && metrics="$metrics$id$IFS"
    fi
    ;;
  esac
done
# The files' names go to xargs: a command line has its limits. The second awk counts over all that xargs starts.
for id in $metrics; do printf 'outputs/%s/out/metrics.json\n' "$id"; done | LC_ALL=C xargs awk -v one="$one" '
  FNR == 1 { split(FILENAME, part, "/"); id = part[2]; size = 0; refused = 0 }
  { size += length($0) + 1 }
  size > one + 1 { if (!refused) print "x " id; refused = 1; next }
  { print "m " id " " $0 }
' /dev/null | LC_ALL=C awk -v all="$all" '
  $1 == "m" { total += length($0) }
  $1 == "m" && total > all { if ($2 != last) print "x " $2; last = $2; next }
  { print }
'
printf 'end %s\n' "$mark"
`;
