/**
 * POSIX sh with GNU tar: unpacks stdin in a staging folder and puts every group into place by rename, or changes nothing.
 * Words: base path, name of the staging folder, name of the file that says that the stream was whole, then two a group:
 * its folder, and its rules. Group k was packed under `k/`, by the names that its items have here.
 */
export const PUBLISH_SCRIPT = String.raw`
set -u
umask 022
base=$1 stage=$1/artifacts/.staging/$2 mark=$3; shift 3
cleanup() { chmod -R u+w "$stage" 2>/dev/null; rm -rf "$stage"; }
trap cleanup EXIT
trap 'exit 143' HUP INT TERM PIPE
fail() { printf '%s\n' "$1" >&2; exit 1; }
mkdir -p "$base/artifacts/.staging" && mkdir -m 700 "$stage" || exit 1
# What pushes left behind that were killed: nothing runs on a trap then.
find "$base/artifacts/.staging/." ! -name . -prune -mtime +2 -exec chmod -R u+w {} + -exec rm -rf {} + 2>/dev/null

# Two archives follow each other, hence -i. It reads to the end of the stream.
LC_ALL=C tar -x -i -p -o -f - -C "$stage" || exit 1
[ -f "$stage/$mark" ] || fail "the stream ended early"

group=0
while [ "$#" -ge 2 ]; do
  group=$((group + 1)) from=$stage/$((group)) to=$base/$1 rules=$2; shift 2
  mkdir -p "$to" || exit 1
  case $rules in
  *n*) for path in "$from"/*; do [ ! -e "$to/${"$"}{path##*/}" ] || fail "$to/${"$"}{path##*/} is there already"; done ;;
  esac
  case $rules in
  *r*) find "$from" ! -type l \( -perm -200 -o -perm -020 -o -perm -002 \) ! -path "$from" -exec chmod a-w {} + || exit 1 ;;
  esac
  # rename(2) of a folder to another place changes its "..", for which it must be writable.
  find "$from"/. ! -name . -prune -type d ! -perm -200 -print >"$stage/closed" || exit 1
  find "$from"/. ! -name . -prune -type d ! -perm -200 -exec chmod u+w {} + || exit 1
  find "$from"/. ! -name . -prune -exec mv -n -t "$to" -- {} + 2>"$stage/said"
  # Whatever was not moved must have been there before.
  for path in "$from"/*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    [ -e "$to/${"$"}{path##*/}" ] || [ -L "$to/${"$"}{path##*/}" ] || fail "$(tail -n 1 "$stage/said")"
  done
  sed 's,.*/,,' "$stage/closed" | (cd "$to" && xargs -r chmod u-w) || exit 1
done
exit 0
`;
