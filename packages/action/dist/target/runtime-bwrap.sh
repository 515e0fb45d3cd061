# Part of repx-job: the runtime bwrap (bubblewrap), without any privilege. Uses its variables: base folder job node repx logs pid image
# store network host_files private reset tab.
SIGNALS='TERM HUP INT QUIT USR1 USR2'

prepare_bwrap() {
  # Of an attempt that was killed: its pids are others' by now.
  rm -f "$private/.status"
  bwrap=$(find_tool bwrap) || {
    give_up_runtime 69 "$node has no bwrap (bubblewrap) on the PATH: ask for it, or choose another runtime for this target"
    return
  }
  refusal=$("$bwrap" --unshare-all --die-with-parent --ro-bind / / true 2>&1) || {
    give_up_runtime 69 "$bwrap cannot make a sandbox on $node ($(printf %s "$refusal" | head -n 1)): are user namespaces closed there (user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor)? Ask for them, or choose another runtime for this target"
    return
  }
  find_gate
  if [ -n "$image" ]; then
    rootfs=$(sh "$here/node-image.sh" rootfs "$node_local" "$base" "$image" "$bwrap" 2>>"$repx/stderr.log") && return
    give_up_runtime $? "the files of the image $image cannot be had on $node (message above)"
    return
  fi
  rootfs=''
  choose_copies && return
  say_missing "$lacking is not in $store: submit again, so that it is copied"
  return 1
}

# SLURM sends TERM to every process of a job. bwrap would die of it, and the program with it, unasked. So bwrap ignores it, which
# the program inherits; and only coreutils' env can take that back, inside, where the node's env needs its libraries. Sets `gate`
# to their paths, env first, or to nothing where that cannot be; then TERM ends the program at once.
find_gate() {
  gate='' loader=''
  [ -n "$reset" ] || return 0
  found=$(ldd "$(command -v env)" 2>/dev/null) || return 0
  loader=$(printf '%s\n' "$found" | awk '$1 ~ /^\// { print $1; exit }')
  gate=$(command -v env && printf '%s\n' "$found" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }')
  [ -n "$loader" ] || gate=''
}

add() {
  printf '%s\0' "$@"
}

# The sandbox's root is a file system of its own, in which everything is a mount, and that is read-only in the end.
# write_sandbox <output folder> <folder of the logs>: bwrap's options, each ended by a zero byte.
write_sandbox() {
  add --unshare-all --die-with-parent --chdir "$1"
  [ "$network" = off ] || add --share-net
  list_host_views >"$private/.host"
  list_views "$1" "$2" >"$private/.views"
  if [ -n "$host_files" ]; then
    for entry in /*; do [ ! -L "$entry" ] || add --symlink "$(readlink "$entry")" "$entry"; done
    add_views <"$private/.host"
    if [ -n "$rootfs" ]; then add_one --ro-bind "$rootfs/nix" /nix; else add --ro-bind "$store" /nix/store; fi
    add --dev-bind /dev /dev --proc /proc
  else
    points=$(cut -f 2 "$private/.host" "$private/.views" && { [ "$network" = off ] || echo /etc/resolv.conf; })
    if [ -n "$rootfs" ]; then add_tree ''; else add_closure; fi
    [ "$network" = off ] || add_one --ro-bind /etc/resolv.conf /etc/resolv.conf
    add --dev /dev --proc /proc --tmpfs /tmp
    add_views <"$private/.host"
  fi
  ! is_base_in_view || hide_base
  add_views <"$private/.views"
  while IFS= read -r part; do [ -z "$part" ] || add --ro-bind "$part" "/.repx/${part##*/}"; done <<EOF
$gate
EOF
  [ -z "$loader" ] || add --ro-bind "$loader" /.repx/loader
  ! is_base_in_view || add --remount-ro "$base"
  add --remount-ro /
}

# What is to be seen of the base path is mounted over it anew; a folder in it that the site shows comes back.
hide_base() {
  add --tmpfs "$base"
  while IFS=$tab read -r way path; do
    case $path in "$base"/*) printf '%s\t%s\n' "$way" "$path" ;; esac
  done <"$private/.host" | add_views
}

add_one() {
  [ ! -e "$2" ] || add "$@"
}

# add_tree <folder of the image>: entry by entry where something is mounted further down, else as a whole.
add_tree() {
  for entry in "$rootfs$1"/* "$rootfs$1"/.[!.]*; do
    at=$1/${entry##*/}
    case $at in /dev | /proc | /sys | /tmp) continue ;; esac
    if is_above "$at"; then
      [ ! -d "$entry" ] || [ -L "$entry" ] || add_tree "$at"
    elif [ -L "$entry" ]; then
      add --symlink "$(readlink "$entry")" "$at"
    elif [ -e "$entry" ] && ! is_point "$at"; then
      add --ro-bind "$entry" "$at"
    fi
  done
}

is_above() {
  case "
$points" in *"
$1/"*) return 0 ;; esac
  return 1
}

is_point() {
  case "
$points
" in *"
$1
"*) return 0 ;; esac
  return 1
}

# Without an image all software is the Lab's closure; many programs want a /bin/sh.
add_closure() {
  add --ro-bind "$store" /nix/store
  shell=$(head -c 512 "$exe" | sed -n '1s|^#! *\(/nix/store/[^ ]*sh\) *.*|\1|p')
  [ -z "$shell" ] || add --symlink "$shell" /bin/sh
}

add_views() {
  while IFS=$tab read -r way path; do
    case $way in
      ro) add --ro-bind "$path" "$path" ;;
      rw) add --bind "$path" "$path" ;;
      dev) add --dev-bind "$path" "$path" ;;
    esac
  done
}

# What bwrap needs lies in the submission's folder, which the job does not see.
enter_bwrap() {
  write_sandbox "$2" "$logs" >"$private/.arguments"
  if [ -n "$gate" ]; then
    for name in $SIGNALS; do trap '' "$name"; done
    set -- /.repx/loader --library-path /.repx /.repx/env "--default-signal=$(printf %s "$SIGNALS" | tr ' ' ,)" "$@"
  fi
  set -- "$bwrap" --json-status-fd 8 --args 9 -- "$@"
  while IFS= read -r pair; do set -- "$pair" "$@"; done <<EOF
$(list_environment)
EOF
  exec env -i "$@" 8>"$private/.status" 9<"$private/.arguments"
}

# The program is the oldest child of the sandbox's first process, whose pid bwrap has told by then, or soon.
deliver_bwrap() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    first=$(sed -n 's/.*"child-pid": *\([0-9]*\).*/\1/p' "$private/.status" 2>/dev/null | head -n 1)
    inner=''
    [ -z "$first" ] || inner=$(cat /proc/[0-9]*/stat 2>/dev/null | find_oldest_child "$first")
    [ -z "$inner" ] || break
    kill -0 "$pid" 2>/dev/null || return
    sleep 0.2 2>/dev/null || sleep 1
  done
  if [ -n "$inner" ]; then kill -s "$1" "$inner" 2>/dev/null; else kill -s KILL "$pid" 2>/dev/null; fi
}

# proc_pid_stat(5): the pid, the name in brackets, the state, the parent; the start is the 20th after the name.
find_oldest_child() {
  awk -v parent="$1" '
    { number = $1; sub(/^.*\) /, "") }
    $2 == parent && (best == "" || $20 < start) { best = number; start = $20 }
    END { if (best != "") print best }'
}

# bwrap tells the program's exit code only when there was one.
leave_bwrap() {
  [ "$status" = 0 ] || [ "$status" -gt 128 ] || grep -q '"exit-code"' "$private/.status" 2>/dev/null ||
    give_up_runtime 69 "bwrap could not make the job's sandbox on $node (message above)"
  rm -f "$private/.arguments" "$private/.status" "$private/.host" "$private/.views"
}
