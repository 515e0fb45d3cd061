import { FIND_TOOLS } from "./find-tools.ts";
import { LIST_BY_FIND } from "./list-by-find.ts";
import { LIST_BY_STAT } from "./list-by-stat.ts";

/**
 * POSIX sh: says what lies in jobs' folders. Words: base path, mark, parts (`out`, `repx` or `out,repx`), `succeeded` or `all`.
 * On stdin job ids, a line each. Every record ends with the mark and a line feed, so that names may hold anything. All that
 * comes after the line with the mark goes through zstd where there is one: paths are long, and much alike.
 */
export const LIST_SCRIPT = String.raw`
set -u
base=$1 mark=$2 parts=$3 which=$4
${FIND_TOOLS}
say() { printf '%s%s\n' "$1" "$mark"; }
quote() {
  rest=$1 word=''
  while :; do
    case $rest in
    *\'*) word="$word${"$"}{rest%%\'*}'\\''" rest=${"$"}{rest#*\'} ;;
    *) break ;;
    esac
  done
  word="'$word$rest'"
}
zstd='' openssl='' tar=''
zstd --version >/dev/null 2>&1 && zstd=zstd
openssl dgst -sha256 -r /dev/null >/dev/null 2>&1 && openssl=openssl
case $(tar --version 2>/dev/null) in *GNU*) tar=gnu ;; esac
if find . -maxdepth 0 -readable -executable -printf '%y' >/dev/null 2>&1; then
${LIST_BY_FIND}
else
${LIST_BY_STAT}
fi
list() {
  say "tools $zstd,$openssl,$tar"
  if ! [ -d "$base" ]; then
    say "absent"
  elif cd -- "$base/outputs" 2>/dev/null; then
    set -f
    IFS='
'
    # Ids have no blanks, and patterns are off.
    # shellcheck disable=SC2046
    set -- $(cat)
    unset IFS
    set +f
    for job do
      [ -d "$job" ] || continue
      if [ "$which" = succeeded ] && ! [ -e "$job/repx/SUCCESS" ]; then
        say "unready $job"
        continue
      fi
      enter_whole "$job" && continue
      for marker in "$job/repx/SUCCESS" "$job/repx/FAIL"; do
        if [ -f "$marker" ] && ! [ -L "$marker" ]; then add "$marker"; fi
      done
      case ,$parts, in *,out,*) [ -d "$job/out" ] && enter out "$job/out" ;; esac
      case ,$parts, in
      *,repx,*)
        for place in "$job/repx" "$job/scatter/repx" "$job"/branch-*/repx "$job"/branch-*/step-*/repx; do
          [ -d "$place" ] && enter repx "$place"
        done
        ;;
      esac
    done
    flush
  fi
  say end
}
printf '\nbegin %s\n' "$mark"
case $zstd in
zstd) list | zstd -1 -q -c ;;
*) list ;;
esac
`;
