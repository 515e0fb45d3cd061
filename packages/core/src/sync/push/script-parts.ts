// Parts of the scripts that run on a target: POSIX sh, coreutils and tar, and the decoder that the target said it has.
// Paths within the staging folder are relative: a folder that another push renames is not written to by its old name.

/** Exit statuses by which the scripts tell one failure from another. */
export const EXITS = {
  failed: 71,
  linkRefused: 72,
  noSpace: 73,
  mismatch: 74,
  stagingGone: 75,
  submissionThere: 76,
  denied: 77,
} as const;

/** Words of every script before its own: base path, push, folders for the front of PATH. */
export const HEAD = String.raw`
set -u
umask 022
LC_ALL=C
export LC_ALL
base=$1 push=$2
[ -z "$3" ] || PATH=$3:$PATH
shift 3
stage=$base/artifacts/.staging/$push
mine='' claim=''
fail() { printf '%.2000s\n' "$2" >&2; exit "$1"; }
newline='
'
# By how a line ends, and by the phrases of the two tars: what comes before may be a file's name.
explain() {
  case $1$newline in
  *': No space left on device'"$newline"* | *': Disk quota exceeded'"$newline"*) fail ${EXITS.noSpace} "$1" ;;
  *': Cannot hard link to '?*"': "* | *"tar: can't create hardlink '"*) fail ${EXITS.linkRefused} "$1" ;;
  *': Permission denied'"$newline"* | *': Operation not permitted'"$newline"* | *': Read-only file system'"$newline"*)
    fail ${EXITS.denied} "$1" ;;
  # What was to be decoded.
  *"${"$"}{mine:-nobody} broke$newline"*) fail ${EXITS.mismatch} "$1" ;;
  *) fail ${EXITS.failed} "$1" ;;
  esac
}
gone() { fail ${EXITS.stagingGone} "the staging folder $push is gone"; }
host=''
{ read -r host </proc/sys/kernel/hostname; } 2>/dev/null || host=$(uname -n)
# Whether a process that registered as <host>.<pid> may be at work; of another host's nothing is known, and kill cannot
# tell another user's from none.
is_alive() { [ "${"$"}{1%.*}" != "$host" ] || kill -0 "${"$"}{1##*.}" 2>/dev/null || [ -d "/proc/${"$"}{1##*.}" ]; }
`;

/** `register`: enters the staging folder and says so in it, in a file that also takes what is received. */
export const REGISTER = String.raw`
clean() {
  [ -z "$mine" ] || rm -f "running/$mine" "$stage/running/$mine"
  [ -z "$claim" ] || rm -f "$claim"
}
trap clean EXIT
trap 'exit 143' HUP INT TERM PIPE
register() {
  cd "$stage" 2>/dev/null || gone
  mine=$host.$$
  said=$(printf '' 2>&1 >"running/$mine") || { [ -d running ] || gone; explain "$said"; }
  # Another push may have renamed the folder after it was entered.
  [ -e "$stage/running/$mine" ] || gone
}
`;

/** `make_staging`: for this user alone, as a submission holds secrets. */
export const MAKE_STAGING = String.raw`
make_staging() {
  umask 077
  said=$(mkdir -p -- "$stage/arrived" "$stage/running" "$stage/claimed" 2>&1) || explain "$said"
  umask 022
}
`;

/**
 * `verify_file <file> <sha256> <openssl or sha256sum> <name>`; `save <sha256 or -> <program> <name>`: stdin to a file,
 * which must have this hash.
 */
export const SAVE = String.raw`
verify_file() {
  if [ "$3" = openssl ]; then
    said=$(openssl dgst -sha256 -r 2>&1 <"$1") || explain "$said"
  else
    said=$(sha256sum 2>&1 <"$1") || explain "$said"
  fi
  [ "${"$"}{said%% *}" = "$2" ] || fail ${EXITS.mismatch} "$4 is not what was sent"
}
save() {
  said=$(cat 2>&1 >"running/$mine") || explain "$said"
  [ "$1" = - ] || verify_file "running/$mine" "$1" "$2" "$3"
}
`;

/**
 * `decode_into <zstd, gzip or none> <command…>`: stdin, decoded, goes to the command. Decoders compare their checksums
 * and say so at the end alone: what was not whole counts as not arrived, and is made again.
 */
export const DECODE = String.raw`
decode() {
  case $1 in
  zstd) zstd -dqc ;;
  gzip) gzip -dc ;;
  *) cat ;;
  esac
}
decode_into() {
  encoding=$1
  shift
  said=$({ { decode "$encoding" || printf '%s broke\n' "$mine" >&2; } | "$@"; } 2>&1) || explain "$said"
  case $said$newline in *"$mine broke$newline"*) explain "$said" ;; esac
}
# With all modes, but without -p, by which a folder loses its set-group-ID bit and a project's files their group.
unpack() {
  umask 0
  decode_into "$1" tar -x -o -f - -C "$base/artifacts" <"running/$mine"
  umask 022
}
`;

/** `open_path <encoded>`: sets `file` to a path in the staging folder, whose bytes come escaped for printf, and makes its folder. */
export const OPEN_PATH = String.raw`
open_path() {
  file=$(printf '%b.' "$1")
  file=./${"$"}{file%.}
  [ -d "${"$"}{file%/*}" ] || said=$(mkdir -p -- "${"$"}{file%/*}" 2>&1) || explain "$said"
}
`;

/** `mark <id>`: says that something has arrived. */
export const MARK = String.raw`
mark() { said=$(printf '' 2>&1 >"arrived/$1") || explain "$said"; }
`;

/** `remove_tree <folder>`: a published tree's folders are closed; its files may share inodes with others and keep their modes. */
export const REMOVE = String.raw`
open_folders() {
  set -- "$1"/* "$1"/.[!.]* "$1"/..?*
  for path in "$@"; do
    shift
    if [ -d "$path" ] && [ ! -L "$path" ]; then set -- "$@" "$path"; fi
  done
  [ "$#" -gt 0 ] || return 0
  chmod u+rwx -- "$@"
  for path in "$@"; do open_folders "$path"; done
}
remove_tree() {
  rm -rf -- "$1" 2>/dev/null && return
  # Much quicker, where there is a find.
  find "$1" -type d -exec chmod u+rwx {} + 2>/dev/null || open_folders "$1" 2>/dev/null
  rm -rf -- "$1" 2>/dev/null
}
`;
