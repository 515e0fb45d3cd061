# Part of node-layers.sh, node-store.sh and node-image.sh: a folder of our own on a node, and locks in it that survive a kill -9. Sets
# `folder`, `lock` and `host`, removes `draft` in the end, and uses `patience` and `spare_kilobytes`; needs only coreutils.
host=$(uname -n)
lock='' draft=''

# A signal ends us with nothing left behind; after a SIGKILL the next one cleans up.
catch_ends() {
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

clean_up() {
  [ -z "$draft" ] || drop_draft "$draft"
  [ -z "$lock" ] || rm -f "$lock"
}

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

# has_room <kilobytes>: as far as df can tell, with `spare_kilobytes` left: a full file system of the node hurts other jobs.
has_room() {
  df -Pk "$folder" 2>/dev/null | {
    read -r _ && read -r _ _ _ free _ || return 0
    case $free in '' | *[!0-9]*) return 0 ;; esac
    [ "$free" -gt $(($1 + spare_kilobytes)) ]
  }
}

# once <task> <name> <argument>...: has_<task> says whether it is done and sets `answer`, which is printed; make_<task> does it,
# under the lock of this name. After `patience` seconds another job's work is done a second time.
once() {
  task=$1 lock_name=$2 waited=0
  shift 2
  [ -w "$folder" ] || return 69
  until "has_$task" "$@"; do
    take_lock "$lock_name"
    code=$?
    [ "$code" != 69 ] || return 69
    if [ "$code" = 0 ] || [ "$waited" -ge "$patience" ]; then
      "has_$task" "$@" || "make_$task" "$@"
      code=$?
      [ -z "$lock" ] || rm -f "$lock"
      lock=''
      [ "$code" = 0 ] || return "$code"
    else
      sleep 1
      waited=$((waited + 1))
    fi
  done
  printf '%s\n' "$answer"
}
