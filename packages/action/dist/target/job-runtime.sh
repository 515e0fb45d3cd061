# Part of repx-job: whether the job's programs are on this node. Uses its variables: base folder exe repx node.

# Sets `store` to the folder to use as /nix/store, or to nothing when the node's own will do. Says what is missing.
choose_runtime() {
  store=''
  if [ ! -x "$exe" ]; then
    say_missing "the job's executable $exe is missing or not executable: submit again, so that it is copied"
    return 1
  fi
  list_needs >"$repx/.needs"
  missing=''
  while IFS= read -r path; do
    if [ ! -e "$path" ]; then missing=$path && break; fi
  done <"$repx/.needs"
  [ -n "$missing" ] || { rm -f "$repx/.needs"; return 0; }
  store=$base/artifacts/store
  while IFS= read -r path; do
    [ -e "$store/${path#/nix/store/}" ] && continue
    say_missing "$path is neither on $node nor in $store: submit again, so that it is copied"
    return 1
  done <"$repx/.needs"
  rm -f "$repx/.needs"
}

# The Lab's closure, or where there is no list of it the interpreter that the executable names: store paths, one a line.
list_needs() {
  lab=''
  { read -r lab <"$folder/lab"; } 2>/dev/null
  closure=$base/artifacts/labs/$lab/closure/store-paths
  if [ -n "$lab" ] && [ -s "$closure" ]; then
    grep '^/nix/store/[^/]*$' "$closure"
  else
    head -c 512 "$exe" | sed -n '1s|^#! *\(/nix/store/[^/ ]*\).*|\1|p'
  fi
}

say_missing() {
  rm -f "$repx/.needs"
  printf 'repx-job: %s\n' "$1" >>"$repx/stderr.log"
}
