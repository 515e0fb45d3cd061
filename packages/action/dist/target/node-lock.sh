# Part of node-layers.sh and node-image.sh: a folder of our own on a node, and locks in it that survive a kill -9. Sets
# `folder`, `lock` and `host`; needs only coreutils.
host=$(uname -n)
lock=''

# choose_folder <node-local path> <name>: anybody can make a folder in a /tmp: in one that is not ours others could put
# what our jobs run.
choose_folder() {
  for top in "$1/repx" "$1/repx-$(id -u)"; do
    mkdir -m 700 "$top" 2>/dev/null
    if [ -d "$top" ] && [ ! -L "$top" ] && [ -O "$top" ] && mkdir -p "$top/$2" 2>/dev/null && [ -w "$top/$2" ]; then
      folder=$top/$2
      return 0
    fi
  done
  return 1
}

# take_lock <name>: a link whose text is a process of this node: made at once with its text, or not at all. Another process'
# is taken over when that is gone. Two that take over at the same time both work, which costs time and breaks nothing. Returns 1
# when another one holds it, and 69 when no lock can be made here.
take_lock() {
  lock=$folder/.lock.$1.$host
  ln -sn "$$" "$lock" 2>/dev/null && return 0
  holder=$(readlink "$lock") || holder=''
  case $holder in
    '' | *[!0-9]*) ;;
    *) if kill -0 "$holder" 2>/dev/null; then
        lock=''
        return 1
      fi ;;
  esac
  rm -f "$lock"
  for left in "$folder/.draft.$1.$host."*; do kill -0 "${left##*.}" 2>/dev/null || drop_draft "$left"; done
  ln -sn "$$" "$lock" 2>/dev/null && return 0
  [ -L "$lock" ]
  set -- $?
  lock=''
  [ "$1" != 0 ] || return 1
  return 69
}

# drop_draft <path>: a folder's own folders may be closed to us, as Nix leaves them.
drop_draft() {
  [ ! -d "$1" ] || chmod -R u+rwx "$1" 2>/dev/null
  rm -rf "$1"
}
