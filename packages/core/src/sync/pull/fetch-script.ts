import { FIND_TOOLS } from "./find-tools.ts";

/**
 * POSIX sh: sends files as one tar stream on stdout, after a line with the mark, and then says on stderr how many files tar had
 * to fill up with zeros, and which SHA-256 the stream has. Words: base path, mark, `zstd` or `none`, `openssl` or `sha256sum`,
 * `gnu` or another tar. On stdin the names, ended by NUL for GNU tar, by line feeds for another. `tee` gives the hash its copy
 * by a pipe of sh's own: nothing is written to the target's disk.
 */
export const FETCH_SCRIPT = String.raw`
set -u
base=$1 mark=$2 codec=$3 hash=$4 flavour=$5
${FIND_TOOLS}
cd -- "$base/outputs" || exit
# Passes on what tar says, and counts the files that it could not read to their end. Here, where all of it is seen.
hear() {
  padded=0
  while IFS= read -r line; do
    case $line in *': File shrank by '* | *': Read error at byte '*) padded=$((padded + 1)) ;; esac
    printf '%s\n' "$line"
  done
  printf '\n%s padded %s\n' "$mark" "$padded"
}
archive() {
  case $flavour in
  gnu)
    tar -c -f - --format=gnu --quoting-style=literal --null --verbatim-files-from --no-recursion \
      --numeric-owner --owner=0 --group=0 -T -
    ;;
  *)
    # busybox' tar has no -T.
    set -f
    IFS='
'
    # shellcheck disable=SC2046
    set -- $(cat)
    tar -c -f - -- "$@"
    ;;
  esac
}
pack() { { archive 2>&1 >&5 | hear >&2; } 5>&1; }
press() {
  case $codec in
  zstd) pack | zstd -1 -q -c ;;
  *) pack ;;
  esac
}
digest() {
  case $hash in
  openssl) openssl dgst -sha256 -r ;;
  *) sha256sum ;;
  esac
}
printf '\nbegin %s\n' "$mark"
exec 4>&1
# sshd's stdout may be a socket, which cannot be opened by name; the pipe to the hash can.
sum=$({ press | tee /dev/fd/3 >&4; } 3>&1 | digest)
printf '\n%s sum %s\n' "$mark" "${"$"}{sum%% *}" >&2
`;
