/**
 * `register_root`: writes down what a submission counts on, as the newest root of its project, **before** anything is
 * looked for: what repx-gc moves aside after that it puts back (docs/gc.md). Uses the survey's variables. An equal root of
 * the same Lab is replaced; older ones of others stay until repx-gc takes them.
 */
export const REGISTER_ROOT = String.raw`
render_root() {
  printf '%s\n' "artifacts/labs/$lab" "bin/$programs" || return
  # shellcheck disable=SC2086 # names are words without blanks
  case $store in *-*) printf 'artifacts/store/%s\n' $store || return ;; esac
  # shellcheck disable=SC2086
  case $jobs in *-*) printf 'artifacts/jobs/%s\n' $jobs || return ;; esac
  # shellcheck disable=SC2086
  case $kept in *:*) printf '%s\n' $kept | tr : / || return ;; esac
  echo end
}
register_root() {
  folder=gcroots/auto/$project
  mkdir -p -- "$folder" && render_root >"$folder/.$token" || return
  sum=$(cksum <"$folder/.$token")
  for old in $(ls -1 -- "$folder"); do
    case $old in *"_$lab") [ "$(cksum <"$folder/$old")" != "$sum" ] || rm -f -- "$folder/$old" ;; esac
  done
  # Another one may have this second's name.
  for try in 1 2 3 4 5; do
    mv -n -- "$folder/.$token" "$folder/$(date -u +%Y-%m-%d_%H-%M-%S)_$lab" || return
    [ -e "$folder/.$token" ] || return 0
    sleep 1
  done
  return 1
}
`;
