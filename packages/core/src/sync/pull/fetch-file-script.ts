import { FIND_TOOLS } from "./find-tools.ts";

/** What parts of a file are counted by. */
export const BLOCK_BYTES = 65_536;

/**
 * POSIX sh: sends the beginning of one large file on stdout, without the blocks that came before, after a line with the mark
 * and a `z` or `r` for what comes: zstd or the bytes themselves, which is chosen by samples. Says on stderr the SHA-256 of the
 * whole beginning, or why it could not be read. Words: base path, mark, `zstd` or `none`, `openssl` or `sha256sum`, size, blocks
 * to pass over. On stdin the name. The file is read twice, at the same time, as a second read costs less than a pipe for the
 * hash; and so a file that changes meanwhile is found out.
 */
export const FETCH_FILE_SCRIPT = String.raw`
set -u
base=$1 mark=$2 codec=$3 hash=$4 size=$5 skip=$6
${FIND_TOOLS}
name=$(cat && printf .)
name=./${"$"}{name%.}
cd -- "$base/outputs" || exit
digest() {
  case $hash in
  openssl) openssl dgst -sha256 -r ;;
  *) sha256sum ;;
  esac
}
blocks=$(((size + ${BLOCK_BYTES - 1}) / ${BLOCK_BYTES}))
send() { dd bs=${BLOCK_BYTES} count="$1" skip="$2" 2>/dev/null <"$name"; }
press() {
  case $codec in
  zstd) send $((blocks - skip)) "$skip" | zstd -1 -q -c ;;
  *) send $((blocks - skip)) "$skip" ;;
  esac
}
printf '\nbegin %s\n' "$mark"
if [ -L "$name" ] || ! [ -f "$name" ]; then
  printf '\n%s lost gone\n' "$mark" >&2
  exit
elif ! [ -r "$name" ]; then
  printf '\n%s lost closed\n' "$mark" >&2
  exit
fi
if [ "$codec" = zstd ]; then
  pressed=$({ send 4 0; send 4 $((blocks / 2)); } | zstd -1 -q -c | wc -c)
  # Two samples of 256 KiB.
  [ "$pressed" -lt 470000 ] || codec=none
fi
case $codec in zstd) printf z ;; *) printf r ;; esac
exec 4>&1
sum=$(
  digest <"$name" &
  press >&4
  wait
)
# What was appended meanwhile is not sent.
[ "$(stat -c %s -- "$name")" = "$size" ] || sum=$(head -c "$size" <"$name" | digest)
printf '\n%s sum %s\n' "$mark" "${"$"}{sum%% *}" >&2
`;
