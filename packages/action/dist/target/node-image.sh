#!/bin/sh
# node-image.sh rootfs <node-local path or -> <base> <image> <bwrap>: makes the files of an image present on this node, once for
# all jobs, and prints their folder. Without a node-local path, or without room there, they lie below the base path.
# node-image.sh load <node-local path or -> <base> <image> <engine> [option...]: has podman or docker know an image, once a
# node, and prints the image's id.
# Ends with 65 when a layer is not what its digest says, with 66 when the image is not there, with 69 when the node cannot.
# Needs coreutils, awk and tar.
set -u
export LC_ALL=C
umask 022

[ $# -ge 5 ] || {
  echo "usage: node-image.sh rootfs|load <node-local path or -> <base> <image> <program> [option...]" >&2
  exit 64
}
here=$(cd "$(dirname -- "$0")" && pwd -P)
. "$here/node-lock.sh"
task=$1 node_local=$2 base=$3 image=$4
shift 4
layers=$base/artifacts/images/layers manifest=$base/artifacts/images/$image/manifest.json
# How long another job's work on the same image is waited for. Then it is done twice, which costs time and breaks nothing.
patience=${REPX_IMAGE_SECONDS:-1800}
catch_ends

# The texts of the manifest with this end, each without it, in their order; the submitter has checked what it says.
list_texts() {
  awk -v RS='"' -v end="$1" '
    length($0) > length(end) && substr($0, length($0) - length(end) + 1) == end {
      text = substr($0, 1, length($0) - length(end))
      if (text ~ /^[0-9A-Za-z]+$/) print text
    }' "$manifest"
}

# check_layer <layer>: only a SHA-256 can be checked. node-layers.sh has checked what it copied.
check_layer() {
  case $1 in "$layers"/*) ;; *) return 0 ;; esac
  digest=${1##*/} digest=${digest%.tar}
  case $digest in *[!0-9a-f]*) return 0 ;; esac
  [ "${#digest}" -eq 64 ] || return 0
  { sum=$(openssl dgst -sha256 -r "$1") || sum=$(sha256sum "$1"); } 2>/dev/null
  [ "${sum%% *}" != "$digest" ] || return 0
  echo "node-image: $1 is not the layer that its name says: remove it and submit again" >&2
  return 65
}

list_layers() {
  set --
  for digest in $(list_texts /layer.tar); do set -- "$@" "$digest"; done
  if [ "$node_local" = - ]; then
    for digest in "$@"; do printf '%s\n' "$layers/$digest.tar"; done
  else
    sh "$here/node-layers.sh" "$node_local" "$layers" "$@"
  fi
}

# has_rootfs <bwrap>, make_rootfs <bwrap>: below `folder`, named by what the image consists of.
has_rootfs() {
  answer=$folder/$name
  [ -d "$answer" ]
}

# In a jail where nothing else may be written: a link in one layer can lead another layer's file anywhere.
make_rootfs() {
  found=$(list_layers) || return
  bwrap=$1 draft=$folder/.draft.$name.$host.$$
  set --
  while IFS= read -r layer; do
    check_layer "$layer" || return
    set -- "$@" "$layer"
  done <<EOF
$found
EOF
  mkdir "$draft" || return 69
  "$bwrap" --unshare-all --die-with-parent --ro-bind / / --dev /dev --bind "$draft" "$draft" --chdir "$draft" \
    -- sh "$here/unpack-layers.sh" "$@" >&2 || {
    code=$?
    drop_draft "$draft"
    [ "$code" = 65 ] || code=69
    return "$code"
  }
  # Another node's may have come first, where the folder is one for all of them.
  mv -T "$draft/root" "$answer" 2>/dev/null || [ -d "$answer" ] || return 69
  drop_draft "$draft"
  draft=''
}

# has_load, make_load <engine> [option...]
has_load() {
  answer=$(list_texts .json)
  timeout 60 "$@" image inspect "$answer" >/dev/null 2>&1
}

make_load() {
  for digest in $(list_texts /layer.tar); do check_layer "$layers/$digest.tar" || return; done
  said=$(tar -c -h -C "${manifest%/*}" . | timeout 3600 "$@" load 2>&1) && has_load "$@" && return 0
  echo "node-image: $1 cannot load the image $image: $(printf %s "$said" | tail -n 1)" >&2
  return 69
}

[ -f "$manifest" ] || {
  echo "node-image: the image $image is not below $base: submit again, so that it is sent" >&2
  exit 66
}
name=$(sha256sum <"$manifest") && name=${name%% *}
lock_name=$name
[ "$task" = rootfs ] || lock_name=$name.${1##*/}
if [ "$node_local" != - ] && choose_folder "$node_local" rootfs; then
  folder=$(cd "$folder" && pwd -P)
  once "$task" "$lock_name" "$@" && exit 0
  code=$?
  [ "$task,$code" = rootfs,69 ] || exit "$code"
fi
mkdir -p "$base/cache/rootfs" && folder=$(cd "$base/cache/rootfs" && pwd -P) || exit 69
once "$task" "$lock_name" "$@"
