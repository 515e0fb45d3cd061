/**
 * POSIX sh with coreutils' or busybox' stat, which is started once for many names: they are kept as quoted words, sh having no
 * lists. `add <path>` says what stands at a path, `enter <out or repx> <folder>` all that is in a folder, at the latest at `flush`.
 */
export const LIST_BY_STAT = String.raw`
  # The eval below reads it.
  # shellcheck disable=SC2034
  format="at %f %s %Y %n$mark"
  batch='' count=0
  flush() {
    [ "$count" -eq 0 ] || eval "stat -c \"\$format\" -- $batch" 2>/dev/null
    batch='' count=0
  }
  add() {
    quote "$1"
    batch="$batch $word" count=$((count + 1))
    # More at once cost more: sh copies the text with every name.
    [ "$count" -lt 128 ] || flush
  }
  walk() {
    if ! { [ -r "$1" ] && [ -x "$1" ]; }; then
      say "closed $1"
      return
    fi
    for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
      # Locks, and what RepX unpacks for a job to run in: nothing of it is a result.
      case $inside/${"$"}{path##*/} in
      repx/.running | repx/nix_* | repx/store_host | repx/store_image) continue ;;
      esac
      if [ -L "$path" ]; then
        add "$path"
      elif [ -d "$path" ]; then
        add "$path"
        walk "$path"
      elif [ -e "$path" ]; then
        add "$path"
      fi
    done
  }
  enter_whole() { return 1; }
  enter() {
    inside=$1
    # With the dot, a link to a folder counts as the folder: people move large outputs aside so.
    if [ -x "$2" ]; then add "$2/."; else add "$2"; fi
    walk "$2"
  }
`;
