#!/bin/sh
# unpack-layers.sh <layer>...: unpacks the layers of an image, the lowest first, into the folder `root` of the current one, with
# their whiteouts (OCI image specification, "Whiteouts"). Where it runs, nothing but the current folder may be written.
set -u
export LC_ALL=C

# drop <path>: whatever it is, with all that is in it.
drop() {
  [ -L "$1" ] || [ ! -d "$1" ] || find "$1" -type d ! -perm -u+rwx -exec chmod u+rwx {} \;
  rm -rf "$1"
}

# open_folder <name>: it, or what there is above it, must take new files: those of Nix are closed.
open_folder() {
  up=${1%/}
  until [ -z "$up" ] || [ -d "root/$up" ]; do
    case $up in */*) up=${up%/*} ;; *) up='' ;; esac
  done
  [ -w "root/$up" ] || chmod u+rwx "root/$up"
}

# make_way <name>: for one name of the next layer, among what the layers below have left.
make_way() {
  last=${1##*/} above=root/${1%"${1##*/}"}
  case $last in
    .wh..wh..opq)
      for entry in "$above"* "$above".[!.]* "$above"..?*; do
        [ ! -e "$entry" ] && [ ! -L "$entry" ] || drop "$entry" || return
      done
      ;;
    .wh..wh.*) ;;
    .wh. | .wh.. | .wh...) return 65 ;;
    .wh.*) drop "$above${last#.wh.}" ;;
    # A folder's name ends in a slash. Anything else takes a folder's place.
    '') open_folder "$1" ;;
    *) { [ ! -d "root/$1" ] || [ -L "root/$1" ] || drop "root/$1"; } && open_folder "${1%"$last"}" ;;
  esac
}

mkdir root || exit 73
for layer in "$@"; do
  tar -t --quoting-style=literal -f "$layer" >names || exit 69
  while IFS= read -r name; do
    case /$name/ in
      */../*)
        echo "unpack-layers: $layer has the name $name, which leads out of the image" >&2
        exit 65
        ;;
    esac
    name=${name#/}
    make_way "${name#./}" || exit
  done <names
  # What a node's /dev has is the runtime's matter.
  tar -x --no-same-owner --delay-directory-restore --anchored --exclude='./dev/*' --exclude='dev/*' --no-anchored \
    --exclude='.wh.*' -C root -f "$layer" || exit 69
done
chmod u+rwx root
