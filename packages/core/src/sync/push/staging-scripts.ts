import { SAY, SAY_ROOM } from "../room-script.ts";
import { HEAD, REMOVE } from "./script-parts.ts";

/**
 * `take_folder <folder> <name>`: renames a staging folder in which nobody is at work, and enters it. First nothing is
 * renamed, so that a push at work is hardly ever disturbed; then it is looked again, since one may have begun meanwhile.
 */
const TAKE = String.raw`
is_busy() {
  for path in running/*; do
    [ -e "$path" ] || continue
    ! is_alive "${"$"}{path##*/}" || return 0
  done
  return 1
}
take_folder() {
  cd "$1" 2>/dev/null || return 1
  ! is_busy || return 1
  mv -- "$1" "$2" 2>/dev/null || return 1
  cd "$2" || return 1
  is_busy || return 0
  # Should somebody have made it anew, both stay as they are, and nobody publishes from this one.
  [ -e "$1" ] || mv -- "$2" "$1"
  return 1
}
`;

/**
 * Takes over what a killed push with the same plan left: renames its folder to this push's and prints what has arrived.
 * Words: names of such folders. Where somebody may be at work, the folder stays as it was; `spoiled` tells that it has
 * this push's name all the same, which may not be used then. Run again, it answers for the folder that it took before.
 */
export const ADOPT_STAGING = `${HEAD}${TAKE}
for name in "$@"; do
  [ ! -d "$stage" ] || break
  take_folder "$base/artifacts/.staging/$name" "$stage" || :
done
cd "$stage" 2>/dev/null || exit 0
if is_busy; then
  echo spoiled
  exit 0
fi
for path in running/*; do
  [ ! -e "$path" ] || rm -f "$path"
done
for path in claimed/*; do
  [ -e "arrived/\${path##*/}" ] || rm -f "$path"
done
echo adopted
for path in arrived/*; do
  [ ! -e "$path" ] || printf '%s\\n' "\${path##*/}"
done
exit 0
`;

/**
 * Removes the staging folder, but not while somebody is at work in it: a publishing that outlived its connection would
 * put the half of what is being removed into place. Others of this push may take a moment to end.
 */
export const DISCARD_STAGING = `${HEAD}${REMOVE}${TAKE}
for pause in 1 1 1 -; do
  if take_folder "$stage" "$base/artifacts/.staging/old.$push"; then
    cd "$base" && remove_tree "$base/artifacts/.staging/old.$push"
    exit 0
  fi
  { [ -d "$stage" ] && [ "$pause" != - ]; } || exit 0
  sleep "$pause"
done
exit 0
`;

/** The age in seconds from which a staging folder is old; a push lasts a day at most. */
const OLD_SECONDS = 2 * 24 * 3600;

/**
 * `remove_old <most>`: removes what killed pushes left long ago. Times are compared on the target alone, and all must be
 * old: clocks may be wrong. Of another host's processes only they can tell.
 */
export const REMOVE_OLD = String.raw`
remove_old() {
  cd "$base/artifacts/.staging" 2>/dev/null || return 0
  now=$(date +%s) left=$1
  for name in *; do
    [ "$left" -gt 0 ] || return 0
    { [ -d "$name" ] && [ "$name" != "$push" ]; } || continue
    for time in $(stat -c %Y -- "$name" "$name/running" "$name/arrived" "$name/claimed" 2>/dev/null); do
      [ $((now - time)) -gt ${OLD_SECONDS} ] || continue 2
    done
    for path in "$name"/running/*; do
      case $path in */"$host".*) ! is_alive "${"$"}{path##*/}" || continue 2 ;; esac
    done
    remove_tree "$base/artifacts/.staging/$name"
    left=$((left - 1))
  done
}
`;

/** Removes all that is old, and says what is left and what room there is then. */
export const REMOVE_LEFTOVERS = `${HEAD}${REMOVE}${REMOVE_OLD}
${SAY}
remove_old 1000000
cd "$base" || exit 71
user=$(id -un 2>/dev/null || id -u)
${SAY_ROOM}
exit 0
`;
