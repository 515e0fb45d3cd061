# Part of repx-job: the runtimes podman (without privileges, unless root runs it) and docker. Uses its variables: base folder job node
# repx logs pid runtime image network node_local host_files private.

prepare_container() {
  engine=$(command -v "$runtime") || {
    give_up_runtime 69 "$node has no $runtime on the PATH: ask for it, or choose another runtime for this target"
    return
  }
  execute='' manager='' own_storage='' run_root=''
  # Not every SLURM job has the folder that its environment names; podman then takes one of its own.
  { [ -d "${XDG_RUNTIME_DIR-/}" ] && [ -w "${XDG_RUNTIME_DIR-/}" ]; } || unset XDG_RUNTIME_DIR
  if [ "$runtime" != docker ] && [ "$node_local" != - ]; then
    # podman takes no runroot of more than 50 characters.
    run_root=$(. "$here/node-lock.sh" && choose_folder /tmp podman-run && printf %s "$folder") &&
      own_storage=$(. "$here/node-lock.sh" && choose_folder "$node_local" podman && printf %s "$folder/images") || own_storage=''
  fi
  # What docker's `info` says of a daemon that is not there differs by version.
  if [ "$runtime" = docker ]; then set -- version --format '{{.Server.Version}}'; else set -- info --format '{{.Host.OCIRuntime.Name}}'; fi
  found=$(ask_engine "$@" 2>"$private/.said") || {
    give_up_runtime 69 "$runtime does not work on $node ($(tail -n 1 "$private/.said")): ask for it, or choose another runtime for this target"
    return
  }
  rm -f "$private/.said"
  choose_limits "$found"
  load_image && remove_orphans
}

# run_engine <word>...: podman or docker, with the options that stand before its commands. They are the same in load_image.
run_engine() {
  [ "$runtime" = docker ] || set -- --log-level error $manager "$@"
  [ -z "$own_storage" ] || set -- --root "$own_storage" --runroot "$run_root" "$@"
  $execute "$engine" "$@"
}

# ask_engine <word>...: what takes no time, unless the engine hangs.
ask_engine() {
  execute='timeout 60'
  run_engine "$@"
  set -- $?
  execute=''
  return "$1"
}

load_image() {
  set -- "$engine"
  [ -z "$own_storage" ] || set -- "$@" --root "$own_storage" --runroot "$run_root"
  [ "$runtime" = docker ] || set -- "$@" --log-level error
  image_id=$(sh "$here/node-image.sh" load "$node_local" "$base" "$image" "$@" 2>>"$repx/stderr.log") && return
  give_up_runtime $? "$runtime cannot have the image $image on $node (message above)"
}

# choose_limits <OCI runtime>: a job stays in the memory limit that SLURM has set for it. Rootless podman leaves it in the job's
# cgroup when it makes none: crun can be told so, runc cannot make any. Elsewhere the limit is said once more.
choose_limits() {
  limits=''
  case $runtime,$1 in
    docker,*) ;;
    *,crun) limits=--cgroups=disabled && return ;;
    *)
      manager=--cgroup-manager=cgroupfs
      [ "$(id -u)" = 0 ] || return 0
      ;;
  esac
  memory=${SLURM_MEM_PER_NODE:-$((${SLURM_MEM_PER_CPU:-0} * ${SLURM_CPUS_ON_NODE:-1}))}
  [ "$memory" = 0 ] || limits="--memory=${memory}m --memory-swap=${memory}m"
  limits="$limits --cpuset-cpus=$(awk '$1 == "Cpus_allowed_list:" { print $2 }' /proc/self/status)"
}

# A process number 1 that handles no signal cannot be ended by one; a small init in its place passes them on. podman puts its init
# into /run, where it cannot when that is the node's.
find_init() {
  if [ "$runtime" = docker ]; then
    command -v docker-init >/dev/null && echo --init
    return
  fi
  ! list_container_views | grep -q "$tab/run\$" || return
  for name in /usr/libexec/podman/catatonit /usr/lib/podman/catatonit "$(command -v catatonit)"; do
    if [ -x "$name" ]; then echo "--init --init-path=$name" && return; fi
  done
}

# A container's name says whose it is, and which process on this node waits for it.
name_container() {
  printf 'repx.%s.%s.%s' "$(id -u)" "$$" "$(read_start $$)"
}

# proc_pid_stat(5): the start is the 20th field after the name.
read_start() {
  { sed 's/^.*) //' "/proc/$1/stat" | cut -d ' ' -f 20; } 2>/dev/null
}

# enter_container <program> <output folder> <argument>...
enter_container() {
  out_folder=$2
  set -- --workdir "$2" "$image_id" "$@"
  while IFS=$tab read -r way path; do
    case $way in
      ro) set -- --volume "$path:$path:ro" "$@" ;;
      rw) set -- --volume "$path:$path" "$@" ;;
      dev) set -- --device "$path" "$@" ;;
    esac
  done <<EOF
$(list_views "$out_folder" "$logs" && list_container_views)
EOF
  while IFS= read -r pair; do set -- --env "$pair" "$@"; done <<EOF
$(list_environment)
EOF
  # The user's whatever the image's own folder is; podman would copy into it what it covers.
  case $runtime in docker) anew=uid=$(id -u),gid=$(id -g) ;; *) anew=notmpcopyup ;; esac
  [ -n "$host_files" ] || set -- --tmpfs "/tmp:rw,exec,mode=1777,$anew" "$@"
  if [ "$runtime" = docker ]; then
    set -- --user "$(id -u):$(id -g)" "$@"
    for group in $(id -G); do set -- --group-add "$group" "$@"; done
  else
    set -- --read-only-tmpfs=false --http-proxy=false "$@"
  fi
  case $network in off) set -- --network none "$@" ;; *) set -- --network host "$@" ;; esac
  execute='exec'
  ! is_base_in_view || set -- --tmpfs "$base:rw,mode=755,$anew" "$@"
  # What it prints comes to us, and must not fill the engine's own place on the node as well.
  run_engine run --log-driver none --name "$(name_container)" --pull never --hostname "$(uname -n)" --read-only --cap-drop ALL \
    --security-opt no-new-privileges --security-opt label=disable $(find_init) $attach $limits "$@"
}

# An image brings its own /usr and /nix; of the node's files those are shown that people write to.
list_container_views() {
  list_host_views | while IFS=$tab read -r way path; do [ "$way" = ro ] || printf '%s\t%s\n' "$way" "$path"; done
}

# docker's containers are no processes of the job, so SLURM cannot end them: a first TERM sets them a term.
deliver_docker() {
  kill -s "$1" "$pid" 2>/dev/null
  [ "$1" != TERM ] || ask_engine stop --time "${REPX_STOP_SECONDS:-20}" "$(name_container)" >/dev/null 2>&1 &
}

# podman 4.3 ends with 0 when it is told to stop before its container runs, so what it says is compared with what became of the
# container. 125 is podman's and docker's own, but a program may end with it as well; with 126 and 127 it could not be executed.
leave_container() {
  name=$(name_container)
  case $status,$(ask_engine inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$name" 2>/dev/null) in
    0,exited' '0 | 0,stopped' '0 | *,exited' '"$status" | 126,* | 127,*) ;;
    0,exited' '* | 0,stopped' '*) status=$(ask_engine inspect --format '{{.State.ExitCode}}' "$name") ;;
    0,* | 125,*)
      status=$stop
      [ -n "$stop" ] || give_up_runtime 69 "$runtime could not start the job's container on $node (message above)"
      ;;
  esac
  ask_engine rm --force "$name" >/dev/null 2>&1
}

# What a job that was killed with its wrapper left on this node.
remove_orphans() {
  for name in $(ask_engine ps --all --format '{{.Names}}' --filter "name=^repx\.$(id -u)\." 2>/dev/null); do
    owner=${name#repx.*.}
    [ "$(read_start "${owner%.*}")" = "${owner#*.}" ] || ask_engine rm --force "$name" >/dev/null 2>&1
  done
}
