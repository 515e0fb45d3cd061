import { HEAD, REMOVE } from "./script-parts.ts";

/**
 * Takes over what a killed push with the same plan left: renames its folder to this push's and prints what has arrived.
 * Words: names of such folders. Where somebody may be at work, the folder stays as it was. First without a rename, so
 * that a push at work is hardly ever disturbed; then again, since one may have begun meanwhile.
 */
export const ADOPT_STAGING = String.raw`${HEAD}
is_busy() {
  for path in running/*; do
    [ -e "$path" ] || continue
    ! is_alive "${"$"}{path##*/}" || return 0
  done
  return 1
}
for name in "$@"; do
  old=$base/artifacts/.staging/$name
  cd "$old" 2>/dev/null || continue
  ! is_busy || continue
  mv -- "$old" "$stage" 2>/dev/null || continue
  cd "$stage" || continue
  if is_busy; then
    # Should somebody have made it anew, both stay as they are, and nobody publishes from them.
    [ -e "$old" ] || mv -- "$stage" "$old"
    continue
  fi
  for path in running/*; do
    [ ! -e "$path" ] || rm -f "$path"
  done
  for path in claimed/*; do
    [ -e "arrived/${"$"}{path##*/}" ] || rm -f "$path"
  done
  echo adopted
  for path in arrived/*; do
    [ ! -e "$path" ] || printf '%s\n' "${"$"}{path##*/}"
  done
  exit 0
done
exit 0
`;

/** Removes the staging folder. */
export const DISCARD_STAGING = `${HEAD}${REMOVE}
cd "$base" 2>/dev/null && remove_tree "$stage"
exit 0
`;

/** Tells which of the paths on stdin, relative to the base path, are not there. */
export const LIST_MISSING = `${HEAD}
cd "$base" || exit 71
while read -r path; do
  [ -e "$path" ] || [ -L "$path" ] || printf '%s\\n' "$path"
done
exit 0
`;
