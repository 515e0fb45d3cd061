import { DECODE, EXITS, HEAD, MAKE_STAGING, REGISTER, REMOVE, SAVE } from "./script-parts.ts";
import { REMOVE_OLD } from "./staging-scripts.ts";

/** How many old staging folders one push removes. */
const OLD_FOLDERS = 4;

/** Reads what to do: `i <id>` for each parcel that must be there, `g <number> <rules> <mode> <folder> <name>` a group. */
const READ_PLAN = String.raw`
groups=''
while read -r kind line; do
  case $kind in
  i) [ -e "arrived/$line" ] || gone ;;
  g) groups="$groups$line
" ;;
  *) break ;;
  esac
done
[ "$kind" = end ] || fail ${EXITS.mismatch} 'the list of groups ended early'
`;

/**
 * A publishing that outlived its connection is waited for: it is the same, and nothing else may be done meanwhile. Of
 * another host's nobody knows whether it lives.
 */
const WAIT_FOR_OTHER = String.raw`
tries=0 owner=''
if [ -e publishing ]; then
  { read -r owner <publishing; } 2>/dev/null
  while [ -n "$owner" ] && [ -e "running/$owner" ] && is_alive "$owner"; do
    tries=$((tries + 1)) most=$5
    case $owner in "$host".*) ;; *) most=60 ;; esac
    [ "$tries" -le "$most" ] || gone
    sleep 1
  done
  [ -e "$stage/running/$mine" ] || gone
fi
said=$(printf '%s\n' "$mine" 2>&1 >publishing) || explain "$said"
`;

/**
 * `close_tops <name…>`: gives what is in place its mode. `close_moved`: what an earlier run of this moved gets its mode
 * before anything else is done; it is known by its name, which was noted before.
 */
const CLOSE = String.raw`
close_tops() {
  [ "$mode" = - ] || [ "$#" = 0 ] || said=$(cd "$to" && chmod "$mode" -- "$@" 2>&1) || explain "$said"
}
close_moved() {
  if [ ! -e "$stage/tops.$number" ]; then
    said=$({ printf '%s\n' * >"$stage/tops.new" && mv -- "$stage/tops.new" "$stage/tops.$number"; } 2>&1) || explain "$said"
    return
  fi
  set --
  while read -r name; do
    if [ -e "$name" ] || [ -L "$name" ] || [ ! -d "$to/$name" ]; then continue; fi
    set -- "$@" "$name"
    [ "$#" -lt 400 ] || { close_tops "$@"; set --; }
  done <"$stage/tops.$number"
  close_tops "$@"
}
`;

/**
 * Puts what lies in a group's folder into place, by names: never over something that is there. Names are moved in
 * portions by their first character: a command line has its limits.
 */
const PLACE = String.raw`
place_names() {
  said=$(mv -n -- "$@" "$to/" 2>&1)
  for name in "$@"; do
    shift
    if [ -e "$name" ] || [ -L "$name" ]; then
      [ -e "$to/$name" ] || [ -L "$to/$name" ] || explain "$said"
      # What is there may differ; its index is not ours to write. Whoever moved it there may have been killed then.
      rm -f -- "$stage/index/$prefix$name"
      [ "$mode" = - ] || [ -L "$to/$name" ] || chmod "$mode" -- "$to/$name" 2>/dev/null
    else
      set -- "$@" "$name"
    fi
  done
  close_tops "$@"
}
refuse_existing() {
  for name in *; do
    if [ -e "$to/$name" ] || [ -L "$to/$name" ]; then fail ${EXITS.submissionThere} "$to/$name is there already"; fi
  done
}
move_in_portions() {
  for first in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z \
    A B C D E F G H I J K L M N O P Q R S T U V W X Y Z _ + = '?'; do
    set -- "$first"*
    if [ -e "$1" ] || [ -L "$1" ]; then place_names "$@"; fi
  done
}
`;

/**
 * Puts one thing in the place of another. Where the target's mv cannot exchange two names (coreutils before 9.5), the
 * path is missing for a moment between two renames. Its index goes first: no index may tell of what is not there.
 */
const REPLACE = String.raw`
replace_one() {
  place=$to/$1
  if [ ! -e "$place" ] && [ ! -L "$place" ]; then
    place_names "$1"
    return
  fi
  rm -f -- "$base/artifacts/.index/$prefix$1"
  if [ -d "$place" ] && [ ! -L "$place" ] && [ ! -w "$place" ]; then
    said=$(chmod u+w -- "$place" 2>&1) || explain "$said"
  fi
  old=$stage/old.$number.$1
  if mv --exchange -T -- "$1" "$place" 2>/dev/null; then
    # Nobody who runs this again may exchange them back.
    said=$(mv -- "$1" "$old" 2>&1) || explain "$said"
  else
    said=$(mv -- "$place" "$old" 2>&1) || explain "$said"
    said=$(mv -- "$1" "$place" 2>&1) || { mv -- "$old" "$place"; explain "$said"; }
  fi
  close_tops "$1"
}
`;

const PUBLISH_GROUP = String.raw`
publish_group() {
  set -f
  # shellcheck disable=SC2086 # words without blanks
  set -- $1
  set +f
  number=$1 rules=$2 mode=$3 folder=$4 name=$5
  to=$base/$folder
  prefix=''
  case $folder in
  artifacts/*/*) ;;
  artifacts/*) prefix=${"$"}{folder#artifacts/}% ;;
  esac
  [ -d "$to" ] || said=$(mkdir -p -- "$to" 2>&1) || explain "$said"
  from=$stage/$number
  if [ "$name" != - ]; then
    from=$stage/named.$number
    [ -d "$from" ] || said=$(mkdir -- "$from" 2>&1) || explain "$said"
    if [ -e "$stage/$number" ] || [ -L "$stage/$number" ]; then
      said=$(mv -- "$stage/$number" "$from/$name" 2>&1) || explain "$said"
    fi
  fi
  cd "$from" || gone
  [ "$mode" = - ] || close_moved
  case $rules in
  n) refuse_existing; move_in_portions ;;
  r) for each in *; do if [ -e "$each" ] || [ -L "$each" ]; then replace_one "$each"; fi; done ;;
  *) move_in_portions ;;
  esac
  cd "$stage" || gone
}
`;

const MOVE_INDEXES = String.raw`
move_indexes() {
  [ -d "$base/artifacts/.index" ] || mkdir -p -- "$base/artifacts/.index"
  cd "$stage/index" || return 0
  for first in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z; do
    set -- store%"$first"*
    [ ! -e "$1" ] || mv -f -- "$@" "$base/artifacts/.index/" 2>/dev/null
  done
  set -- *
  [ ! -e "$1" ] || mv -f -- "$@" "$base/artifacts/.index/" 2>/dev/null
  cd "$stage" || gone
}
`;

/**
 * Publishes a push: unpacks the closing tar, which makes folders, links and indexes whole, and renames everything into
 * place. Words: SHA-256 of the closing tar, hash program, encoding, `make` when no parcel
 * made the staging folder, seconds for which another publishing of it is waited for. On stdin: the plan's lines, `end`, the tar.
 * What was unpacked once is not unpacked again, so that it may be run again after it was cut at any point.
 */
export const PUBLISH = `${HEAD}${REGISTER}${SAVE}${DECODE}${REMOVE}${CLOSE}${PLACE}${REPLACE}${PUBLISH_GROUP}${MOVE_INDEXES}${REMOVE_OLD}${MAKE_STAGING}
[ "$4" != make ] || make_staging
register
${READ_PLAN}
${WAIT_FOR_OTHER}
if [ ! -e "closed.$1" ]; then
  # The end of another push has been put into place in part: this one would make empty folders of what was moved.
  [ ! -e moving ] || gone
  save "$1" "$2" 'the end of the push'
  unpack "$3"
  said=$(printf '' 2>&1 >"closed.$1") || explain "$said"
fi
said=$(printf '' 2>&1 >moving) || explain "$said"
trap '' HUP INT TERM PIPE
set -f
IFS='
'
# shellcheck disable=SC2086 # lines
set -- $groups
unset IFS
set +f
for group in "$@"; do publish_group "$group"; done
move_indexes
cd "$base" || exit 0
mine=''
case $groups in
*' r '*)
  # What was replaced may be large: it goes while nobody waits, under a name by which nobody takes it over.
  if mv -- "$stage" "$base/artifacts/.staging/old.$push" 2>/dev/null; then
    { remove_tree "$base/artifacts/.staging/old.$push"; remove_old ${OLD_FOLDERS}; } >/dev/null 2>&1 </dev/null &
    exit 0
  fi
  ;;
esac
remove_tree "$stage"
remove_old ${OLD_FOLDERS}
exit 0
`;
