#!/bin/sh
# enter-store <store> <command> [argument...]: runs a command with <store> as its read-only /nix/store, the rest of the
# machine as it is, without privileges. Same process, folder, environment, user and exit code as a plain exec.
# Two user namespaces: in the first we are root and may mount; the second gives the job its own user id back. A user
# namespace cannot be made inside a chroot (user_namespaces(7)), hence pivot_root; where that is impossible (the node's
# root is an initramfs) or unshare cannot map ids (util-linux < 2.34), the job sees itself as root.
set -u

give_up() {
  printf 'repx-job: %s\n' "$1" >&2
  exit 127
}

# Every entry of / appears in the new root, /nix excepted.
bind_root() {
  for entry in /* /.[!.]*; do
    case $entry in /nix | '/*' | '/.[!.]*') continue ;; esac
    if [ -L "$entry" ]; then
      ln -s "$(readlink "$entry")" "$root$entry" || return 1
    elif [ -d "$entry" ]; then
      mkdir "$root$entry" && mount --rbind "$entry" "$root$entry" || return 1
    elif [ -f "$entry" ]; then
      true >"$root$entry" && mount --bind "$entry" "$root$entry" || return 1
    fi
  done
}

# A mount's flags (nodev, nosuid, ...) are locked in a user namespace: a remount must repeat them (mount_namespaces(7)).
bind_store() {
  at=$root/nix/store
  mkdir -p "$at" && mount --bind "$store" "$at" || return 1
  flags=$(awk -v at="$at" '$5 == at { found = $6 } END { sub(/^rw/, "ro", found); print found }' /proc/self/mountinfo)
  mount -o "remount,bind,${flags:-ro}" "$at"
}

# Second half, root in its own user and mount namespace.
build_root() {
  uid=$1 gid=$2 path=$3 root=$4 store=$5
  shift 5
  folder=$(pwd)
  PATH=$path:/usr/sbin:/sbin
  {
    # Over a folder that exists, so that nothing is left behind; the copy in the new tree is uncovered at once.
    mount -t tmpfs -o mode=0755,size=4m repx "$root" && bind_root && umount -l "$root$root" && bind_store
  } || give_up "cannot mount $store as /nix/store on this node (message above); ask for a node with user namespaces"
  if unshare --user --map-user="$uid" --map-group="$gid" true 2>/dev/null &&
    (cd "$root" && pivot_root . . && umount -l .) 2>/dev/null; then
    PATH=$path
    exec unshare --user --map-user="$uid" --map-group="$gid" -- env -C "$folder" -- "$@"
  fi
  chroot=$(command -v chroot) || give_up "chroot is neither on PATH nor in /usr/sbin"
  PATH=$path
  exec "$chroot" "$root" env -C "$folder" -- "$@"
}

if [ "${1-}" = --inside ]; then
  shift
  build_root "$@"
fi
program=$0 store=$1
shift
unshare --user --map-root-user --mount true 2>/dev/null ||
  give_up "/nix/store is not on this node, and unshare (user namespaces) is not available to mount $store there: install Nix's store on the nodes or allow user namespaces"
root=$(cd "$(dirname -- "$program")" && pwd -P)
exec unshare --user --map-root-user --mount -- sh "$program" --inside "$(id -u)" "$(id -g)" "$PATH" "$root" "$store" "$@"
