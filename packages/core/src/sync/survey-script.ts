import { SAY, SAY_ROOM } from "./room-script.ts";
import { REGISTER_ROOT } from "./root-script.ts";

const BEFORE = String.raw`
set -uf
LC_ALL=C
export LC_ALL
base=$1 lab=$2 programs=$3 one=$4 all=$5 most=$6 token=$7 mode=$8 project=$9
umask 022
line='
'
IFS=$line
${SAY}
${REGISTER_ROOT}
fail() { printf '%s\n' "$1" >&2; exit 1; }
refuse() { say unwritable; printf '%s\n' "$1"; say end; exit 0; }
# Another survey may make it at the same time. By -m busybox takes the set-group-ID bit away.
private() { [ -d "$1" ] || (umask 077 && mkdir -- "$1") || [ -d "$1" ]; }
folders() {
  mkdir -p -- "$base/artifacts/store" "$base/artifacts/jobs" "$base/artifacts/labs" "$base/artifacts/.index" \
    "$base/outputs" "$base/bin" && private "$base/artifacts/.staging" && private "$base/submissions"
}
# Where nothing is made, it would be in the nearest folder that is there.
look_above() {
  [ ! -e "$base" ] || return 0
  above=$base
  until [ -e "${"$"}{above:-/}" ]; do above=${"$"}{above%/*}; done
  above=${"$"}{above:-/}
  if [ ! -d "$above" ] || [ ! -w "$above" ] || [ ! -x "$above" ]; then refuse "$above is not writable"; fi
  say end
  exit 0
}
# Sets found to those names of $2 that folder $1 has. The mark shows that the pipe did its work to the end.
find_names() {
  found=
  [ -d "$1" ] || return 0
  listed=$(ls -1A -- "$1") || fail "$1 cannot be listed"
  found=$(printf '%s\n' "$2" "$listed" '!' '!' | sort | uniq -d)
  # Nothing but an empty line sorts before the mark, and no name has its character.
  case $found in '!'* | "$line!"*) found=${"$"}{found#*!} ;; *) fail "the names in $1 cannot be sorted" ;; esac
}
# Runs the command with the paths of list $1, in parts: a command line has its limits.
run_in_parts() {
  list=$1 part='' count=0
  shift
  for path in $list; do
    case $path in */*) part=$part$line$path count=$((count + 1)) ;; esac
    # shellcheck disable=SC2086 # the paths are words without blanks
    [ "$count" -lt 400 ] || { "$@" $part; part='' count=0; }
  done
  # shellcheck disable=SC2086
  [ "$count" -eq 0 ] || "$@" $part
}

# Not by expansions with patterns, whose time grows with the square of the length.
IFS=/
# shellcheck disable=SC2046
set -- $(cat)
IFS=$line
store=${"$"}{1-} jobs=${"$"}{2-} wanted=${"$"}{3-} kept=${"$"}{4-}
say user
user=$(id -un 2>/dev/null || id -u)
printf '%s\n' "$user"
case $mode in
make) said=$(folders 2>&1) || refuse "$said" ;;
*) look_above ;;
esac
cd -- "$base" || refuse "it cannot be entered"
if [ "$mode" = make ] && [ "$project" != - ]; then said=$(register_root 2>&1) || refuse "$said"; fi
for folder in artifacts artifacts/store artifacts/jobs artifacts/labs artifacts/.index artifacts/.staging outputs bin submissions; do
  [ "$mode" = make ] || [ -e "$folder" ] || continue
  if [ ! -w "$folder" ] || [ ! -x "$folder" ]; then refuse "$folder is not writable"; fi
done
# Nothing can be renamed from one file system to another.
say devices
stat -L -c '%d %n' -- artifacts/.staging artifacts/store artifacts/jobs artifacts/labs artifacts/images \
  artifacts/images/layers artifacts/.index bin host-tools submissions 2>/dev/null

# What it has.
[ -d "artifacts/labs/$lab" ] && say lab
[ -d "bin/$programs" ] && say programs
find_names artifacts/store "$store"
say store
printf '%s\n' "$found"
missing=$(printf '%s\n' "$store" "$found" | sort | uniq -u)
find_names artifacts/jobs "$jobs"
say jobs
printf '%s\n' "$found"
find_names outputs "$jobs"
`;

const AFTER = String.raw`
succeeded=$(for id in $found; do [ ! -e "outputs/$id/repx/SUCCESS" ] || printf '%s\n' "$id"; done)
say succeeded
printf '%s\n' "$succeeded"
say unfinished
for id in $(printf '%s\n' "$found" "$succeeded" | sort | uniq -u); do
  if [ -e "outputs/$id/repx/FAIL" ]; then printf 'failed %s\n' "$id"
  elif [ -e "outputs/$id/repx/job.json" ]; then printf 'incomplete %s\n' "$id"; fi
done

# What it is. Tools that were sent come first, unless they are for another machine.
tools=
# shellcheck disable=SC2045 # the newest first; names are words without blanks
[ ! -d host-tools ] || for hash in $(ls -1t host-tools); do
  for probe in busybox bash zstd; do
    [ -x "host-tools/$hash/bin/$probe" ] && "host-tools/$hash/bin/$probe" --help >/dev/null 2>&1 && tools=$base/host-tools/$hash/bin
  done
  case $tools in *:*) tools= ;; ?*) break ;; esac
done
[ -z "$tools" ] || PATH=$tools:$PATH
say tools
printf '%s\n' "$tools"
command -v sbatch >/dev/null 2>&1 && say sbatch
say decoders
zstd --version >/dev/null 2>&1 && echo zstd
command -v gzip >/dev/null 2>&1 && echo gzip
say openssl
openssl dgst -sha256 -r /dev/null 2>/dev/null
probe=link.$token
[ "$mode" = make ] && : >"artifacts/.staging/.$probe" && ln -- "artifacts/.staging/.$probe" "artifacts/store/.$probe" 2>/dev/null && say link
rm -f -- "artifacts/.staging/.$probe" "artifacts/store/.$probe"
${SAY_ROOM}
# Files whose content is wanted: metrics, and of what was published under the names of what is missing the newest indexes.
metrics=$(for id in $succeeded; do
  [ -f "outputs/$id/out/metrics.json" ] && [ -r "outputs/$id/out/metrics.json" ] && printf 'outputs/%s/out/metrics.json\n' "$id"
done)
# Its first 39 characters are "store%", the hash and "-".
nearest=$([ -z "$missing" ] || {
  # shellcheck disable=SC2012 # the newest first
  ls -1t artifacts/.index | sort -s -u -t/ -k1.40,1
  # shellcheck disable=SC2086
  printf 'store%%%s\n' $missing
} | sort -s -t/ -k1.40,1 | uniq -s 39 -d)
nearest=$(for name in $nearest; do
  case $name in store%*) [ ! -e "artifacts/store/${"$"}{name#store%}" ] || printf '%s\n' "$name" ;; esac
done)
indexes=$(for name in $wanted $nearest; do printf 'artifacts/.index/%s\n' "$name"; done)
IFS=" $line"
picked=$(size='' left=$all room=$most
for word in $(run_in_parts "$metrics$line$indexes" wc -c -- 2>/dev/null); do
  case $word in
  outputs/*) [ "$size" -le "$one" ] && [ "$size" -le "$left" ] && left=$((left - size)) && printf '%s %s\n' "$size" "$word" ;;
  artifacts/*) [ "$size" -le "$room" ] && room=$((room - size)) && printf '%s %s\n' "$size" "$word" ;;
  *) size=$word ;;
  esac
done)
say files
printf '%s\n' "$picked"
say content
# An empty file first: without a second one head prints no header.
run_in_parts "$picked" head -c "$most" -- /dev/null 2>/dev/null
printf '\n= end\n'
`;

/**
 * POSIX sh with coreutils only: makes the folders under a base path, or nothing, and says what is there. Its answer is read by
 * `parseSurvey`: lines `= <key>` with the lines that belong to each, then the content of files, then `= end`.
 * Words: base path, Lab hash, programs' hash, most bytes of one metrics.json, of all of them, of all indexes; a name of this
 * survey's own; `make` or `look`; the project that the submission is of, or `-` when it is to have no root.
 * On stdin: store names, job ids, names of indexes, and what else a root keeps (`:` for `/`), a line each, with a line `/`
 * between the four.
 * No process is started for a name, and on a shared file system no question asked for a name that is not there.
 * `questions` are commands of the caller's own, in the base path, asked before any marker is looked for: they find the wanted
 * jobs in `$jobs`, those of them that have a folder in `$found`, have `say` and `run_in_parts`, and begin with a `say`.
 */
export function renderSurveyScript(questions: string): string {
  return `${BEFORE}${questions}${AFTER}`;
}
