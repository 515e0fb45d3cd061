# Part of repx-job: what the job runs in. Uses its variables: base folder submission job exe repx private node logs reset tab.
#
# The file `runtime` in `private`, which is submissions/<id>/jobs/<job> or a branch's own folder in there, names a runtime that isolates,
# where there is one: a word and its value a line, between them a tab. Without the file the job runs natively, with the node's files, network and environment.
. "$here/runtime-views.sh"
. "$here/runtime-bwrap.sh"
. "$here/runtime-container.sh"

# Reads the file and gets ready. When that cannot be, says why in the job's log and sets `status`.
choose_runtime() {
  runtime=native store='' image='' network=off node_local=- tools='' host_files='' attach=''
  # What cannot be read must not run less isolated than its record says.
  if [ -e "$private/runtime" ]; then
    runtime='that cannot be read'
    read_runtime <"$private/runtime"
  elif grep -q '^  "runtime": "[^n]' "$repx/job.json" 2>/dev/null; then
    runtime='of a file that is gone'
  fi
  if [ ! -x "$exe" ]; then
    say_missing "the job's executable $exe is missing or not executable: submit again, so that it is copied"
    return 1
  fi
  case $runtime in
    native) choose_store ;;
    bwrap) prepare_bwrap ;;
    podman | docker) prepare_container ;;
    *) give_up_runtime 65 "$private/runtime names the runtime $runtime, which is none: submit again" ;;
  esac
}

read_runtime() {
  while IFS=$tab read -r word value; do
    case $word in
      kind) runtime=$value ;;
      image) image=$value ;;
      network) network=$value ;;
      node-local) node_local=$value ;;
      tools) tools=$base/$value/bin ;;
      host) host_files=$value ;;
    esac
  done
}

# enter_runtime <program> <output folder> <argument>...: becomes the job's program.
enter_runtime() {
  case $runtime in
    bwrap) enter_bwrap "$@" ;;
    podman | docker) enter_container "$@" ;;
  esac
  [ -z "$store" ] || set -- sh "$here/enter-store.sh" "$store" "$@"
  exec $reset "$@"
}

# deliver <signal>: to the job's program.
deliver() {
  case $runtime in
    bwrap) deliver_bwrap "$1" ;;
    docker) deliver_docker "$1" ;;
    *) kill -s "$1" "$pid" 2>/dev/null ;;
  esac
}

# After the program's end: leaves nothing behind, and sets `status` to 69 when it was the runtime that failed.
leave_runtime() {
  case $runtime in
    bwrap) leave_bwrap ;;
    podman | docker) leave_container ;;
  esac
}

# give_up_runtime <status> <words>: 69 is the node's fault (EX_UNAVAILABLE of sysexits.h), 65 and 66 the image's.
give_up_runtime() {
  status=$1
  printf 'repx-job: %s\n' "$2" >>"$repx/stderr.log"
  return 1
}

# Sets `store` to the folder to use as /nix/store, or to nothing when the node's own will do. Says what is missing.
choose_store() {
  find_lacking '' && return 0
  choose_copies && return 0
  say_missing "$lacking is neither on $node nor in $store: submit again, so that it is copied"
  return 1
}

# Sets `store` to a folder that has all store paths: one on the node's own disk where the submission's file `node-store` says on
# which, else the one below the base path. Without a list of the closure nobody knows what else a program uses.
choose_copies() {
  if find_closure && { IFS= read -r disk <"$folder/node-store"; } 2>/dev/null; then
    store=$(list_needs | sh "$here/node-store.sh" "$disk" "$base/artifacts/store" 2>>"$repx/stderr.log") && return
  fi
  store=$base/artifacts/store
  find_lacking "$store"
}

# find_lacking <folder in place of /nix/store>: fails with `lacking` set to the first store path that is not there.
find_lacking() {
  list_needs >"$repx/.needs"
  lacking=''
  while IFS= read -r path; do
    if [ -n "$1" ]; then place=$1/${path#/nix/store/}; else place=$path; fi
    if [ ! -e "$place" ] && [ ! -L "$place" ]; then lacking=$path && break; fi
  done <"$repx/.needs"
  rm -f "$repx/.needs"
  [ -z "$lacking" ]
}

# The Lab's closure, or where there is no list of it the interpreter that the executable names: store paths, one a line.
list_needs() {
  if find_closure; then
    grep '^/nix/store/[^/]*$' "$closure"
  else
    head -c 512 "$exe" | sed -n '1s|^#! *\(/nix/store/[^/ ]*\).*|\1|p'
  fi
}

find_closure() {
  lab=''
  { read -r lab <"$folder/lab"; } 2>/dev/null
  closure=$base/artifacts/labs/$lab/closure/store-paths
  [ -n "$lab" ] && [ -s "$closure" ]
}

say_missing() {
  printf 'repx-job: %s\n' "$1" >>"$repx/stderr.log"
}
