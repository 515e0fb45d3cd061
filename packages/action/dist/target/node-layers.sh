#!/bin/sh
# node-layers.sh <node-local path> <shared layers folder> <digest>...: makes image layers present on this node, each once
# for all jobs, as <node-local path>/repx/layers/<digest>.tar, and prints the path of each, one a line, in their order.
# A layer is reused when its mark <digest>.ok says its size. Where the node has no room, or no folder of our own, the shared
# layer's path is printed: that is slower, and no failure. Ends with 65 when a layer is not what its digest says, with 66
# when there is none. Needs only coreutils.
set -u
export LC_ALL=C
umask 022

[ $# -ge 3 ] || {
  echo "usage: node-layers.sh <node-local path> <shared layers folder> <digest>..." >&2
  exit 64
}
node_local=$1 shared=$2
shift 2
. "$(dirname -- "$0")/node-lock.sh"
# Kept free beside a layer.
spare_kilobytes=${REPX_LAYER_SPARE_KILOBYTES:-65536}
# How long another job's copy is waited for.
patience=${REPX_LAYER_SECONDS:-600}
catch_ends

# is_present <digest>: it was verified once, and has its size still.
is_present() {
  { read -r size <"$folder/$1.ok"; } 2>/dev/null && [ "$size" = "$(stat -c %s "$folder/$1.tar" 2>/dev/null)" ]
}

# is_whole <file> <digest>: only a SHA-256 can be checked.
is_whole() {
  case $2 in *[!0-9a-f]*) return 0 ;; esac
  [ "${#2}" -eq 64 ] || return 0
  { found=$(openssl dgst -sha256 -r "$1") || found=$(sha256sum "$1"); } 2>/dev/null && [ "${found%% *}" = "$2" ]
}

# copy_layer <digest>: 0 when it is on the node, 1 when the shared one must do.
copy_layer() {
  from=$shared/$1.tar to=$folder/$1.tar
  if [ -f "$to" ] && is_whole "$to" "$1" && mark_layer "$1"; then return 0; fi
  size=$(stat -L -c %s "$from") && has_room $((size / 1024)) || return 1
  draft=$folder/.draft.$1.$host.$$
  cp "$from" "$draft" 2>/dev/null || {
    rm -f "$draft"
    return 1
  }
  is_whole "$draft" "$1" || {
    echo "node-layers: $from is not the layer that its name says, or was not copied whole to $folder" >&2
    exit 65
  }
  chmod 444 "$draft" && mv -f "$draft" "$to" && draft='' && mark_layer "$1"
}

mark_layer() {
  mark=$folder/.ok.$1.$host.$$
  if stat -c %s "$folder/$1.tar" >"$mark" 2>/dev/null && mv -f "$mark" "$folder/$1.ok"; then return 0; fi
  rm -f "$mark"
  return 1
}

# bring_layer <digest>: 0 when it is on the node.
bring_layer() {
  waited=0
  until is_present "$1"; do
    take_lock "$1"
    code=$?
    [ "$code" != 69 ] || return 1
    if [ "$code" = 0 ]; then
      is_present "$1" || copy_layer "$1"
      code=$?
      rm -f "$lock"
      lock=''
      return "$code"
    fi
    [ "$waited" -lt "$patience" ] || return 1
    sleep 1
    waited=$((waited + 1))
  done
}

folder=''
choose_folder "$node_local" layers || folder=''
for digest in "$@"; do
  case $digest in
    '' | *[!0-9A-Za-z]*)
      echo "node-layers: $digest is not a digest" >&2
      exit 64
      ;;
  esac
  if [ -n "$folder" ] && bring_layer "$digest"; then
    printf '%s\n' "$folder/$digest.tar"
  elif [ -f "$shared/$digest.tar" ]; then
    printf '%s\n' "$shared/$digest.tar"
  else
    echo "node-layers: there is no layer $shared/$digest.tar" >&2
    exit 66
  fi
done
