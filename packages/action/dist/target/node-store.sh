#!/bin/sh
# node-store.sh <node-local path> <shared store>: makes the store paths that standard input names, one a line, present on this
# node, each once for all jobs, and prints the folder that has them: <node-local path>/repx/store. Where the node has no room, no
# folder of our own, or lets nothing run there, it ends with 69 and says why: the shared store serves as well, only slower.
# Ends with 66 when a store path is in neither. Needs only coreutils.
set -u
export LC_ALL=C
umask 022

[ $# -eq 2 ] || {
  echo "usage: node-store.sh <node-local path> <shared store>" >&2
  exit 64
}
node_local=$1 shared=$2
. "$(dirname -- "$0")/node-lock.sh"
# Kept free beside a store path. More than beside a layer: what did not find room is looked at by every job anew.
spare_kilobytes=${REPX_STORE_SPARE_KILOBYTES:-1048576}
# How long another job's copy of the same store path is waited for. Then it is copied twice.
patience=${REPX_STORE_SECONDS:-600}
newline='
'
catch_ends

# give_up <reason>
give_up() {
  echo "node-store: $1: the job reads its software from $shared" >&2
  exit 69
}

# It was renamed into place, so it is whole. One that is a link may lead to another, which is not there from outside.
has_path() {
  answer=$folder/$1
  [ -e "$answer" ] || [ -L "$answer" ]
}

# make_path <name>: cp leaves modes, links and times as they are, folders that are closed too.
make_path() {
  from=$shared/$1
  [ -e "$from" ] || [ -L "$from" ] || return 66
  size=$(du -sk "$from" 2>/dev/null) || size=0
  has_room "${size%%[!0-9]*}" || give_up "there is no room for $1 in $folder"
  draft=$folder/.draft.${1%%-*}.$host.$$
  said=$(cp -a "$from" "$draft" 2>&1) || give_up "$1 cannot be copied to $folder (${said%%"$newline"*})"
  mv -T "$draft" "$answer" 2>/dev/null || has_path "$1" || give_up "$answer cannot be put in place"
  drop_draft "$draft"
  draft=''
}

# bring_now <name>: unless another job copies it at this moment; that one is for `later`, and jobs share the work.
bring_now() {
  take_lock "${1%%-*}"
  case $? in
    0) has_path "$1" || make_path "$1" || exit ;;
    1) later=$later$1$newline ;;
    *) give_up "$folder cannot be written" ;;
  esac
  [ -z "$lock" ] || rm -f "$lock"
  lock=''
}

# A file system may be mounted noexec.
check_execution() {
  [ -z "$checked" ] || return 0
  checked=$folder/.probe.$host.$$
  { printf '#!/bin/sh\n' >"$checked" && chmod 700 "$checked" && "$checked"; } 2>/dev/null
  set -- $?
  rm -f "$checked"
  [ "$1" = 0 ] || give_up "no program can be written and run in $folder"
}

choose_folder "$node_local" store || give_up "$node_local has no folder on $host that is ours to write"
folder=$(cd "$folder" && pwd -P) || exit 69
later='' checked=''
while IFS= read -r path; do
  name=${path#/nix/store/}
  case $name in '' | .* | */*) give_up "$path is no store path" ;; esac
  has_path "$name" || { check_execution && bring_now "$name"; }
done
while IFS= read -r name; do
  [ -n "$name" ] || continue
  once path "${name%%-*}" "$name" >/dev/null
  case $? in
    0) ;;
    66) exit 66 ;;
    *) give_up "$folder cannot be written" ;;
  esac
done <<EOF
$later
EOF
printf '%s\n' "$folder"
