// What takes one parcel. Each is idempotent: what has arrived is not read again, what was not verified does not count,
// and whatever ends early leaves nothing that counts.
import { DECODE, HEAD, MAKE_STAGING, MARK, OPEN_PATH, REGISTER, SAVE } from "./script-parts.ts";

/** Words: the parcel's id; `make` when the staging folder may be made, `again` when what has arrived is sent anew. */
const BEGIN = String.raw`${MAKE_STAGING}
id=$1
[ "$2" != make ] || make_staging
[ "$2" = again ] || [ ! -e "$stage/arrived/$id" ] || exit 0
shift 2
register
`;

/** `claim_parcel`: one writer of a parcel at a time; an earlier one may outlive the connection on which it was asked for. */
const CLAIM = String.raw`
claim_parcel() {
  tries=0
  until said=$({ set -C; printf '%s\n' "$mine" >"claimed/$id"; } 2>&1); do
    case $said in *xist*) ;; *) explain "$said" ;; esac
    [ ! -e "arrived/$id" ] || exit 0
    owner=''
    { read -r owner <"claimed/$id"; } 2>/dev/null
    if [ -n "$owner" ] && ! is_alive "$owner"; then
      rm -f "claimed/$id"
    else
      tries=$((tries + 1))
      [ "$tries" -le 60 ] || gone
      sleep 1
    fi
  done
  claim=claimed/$id
}
finish() {
  mark "$id"
  claim=''
}
`;

/** Takes a bundle. Words: id, way, SHA-256, hash program, encoding. */
export const RECEIVE_BUNDLE = `${HEAD}${REGISTER}${SAVE}${DECODE}${MARK}${CLAIM}${BEGIN}
save "$1" "$2" "$id"
claim_parcel
unpack "$3"
finish
exit 0
`;

/**
 * Takes a part of a file. Words: id, way, encoding, path, place in 64 KiB, number of 64 KiB blocks, bytes after these.
 * The id must follow on stdin: a stream that was cut is not taken for a whole one. Without O_TRUNC, and the same bytes
 * whoever sends them: an earlier writer that outlived its connection does no harm.
 */
export const RECEIVE_SLICE = `${HEAD}${REGISTER}${DECODE}${OPEN_PATH}${MARK}${BEGIN}
open_path "$2"
place=$3 blocks=$4 rest=$5
take() {
  dd bs=65536 iflag=fullblock seek="$place" count="$blocks" >&4 || return 1
  [ "$rest" = 0 ] || dd bs="$rest" iflag=fullblock count=1 >&4 || return 1
  line=''
  read -r line
  [ "$line" = "$id" ] || printf '%s broke\\n' "$mine" >&2
}
decode_into "$1" take 4<>"$file"
mark "$id"
exit 0
`;

/**
 * Completes files that came in slices. Words: hash program, then for each file: the mark to leave, its path, SHA-256 or
 * `-`, time as touch takes it, mode.
 */
export const COMPLETE_FILES = `${HEAD}${REGISTER}${SAVE}${OPEN_PATH}${MARK}
register
hasher=$1
shift
while [ "$#" -ge 5 ]; do
  if [ ! -e "arrived/$1" ]; then
    open_path "$2"
    [ "$3" = - ] || verify_file "$file" "$3" "$hasher" "$2"
    said=$(TZ=UTC0 touch -t "$4" -- "$file" 2>&1 && chmod "$5" -- "$file" 2>&1) || explain "$said"
    mark "$1"
  fi
  shift 5
done
exit 0
`;
