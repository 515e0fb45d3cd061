# Part of repx-submit: one process at a time submits, though a connection may be cut and the next one come while the first
# process still runs. Uses its variables: submission work mark.
#
# The links submit/1, 2, ... lead nowhere: their text is "<pid> <host>" of a holder, and making one is atomic on every file
# system, content included. The highest counts; who finds its holder gone makes the next one, which only one can.

# Returns when it is this process's turn; not 0 where nothing can be written.
take_turn() {
  me="$$ $(uname -n)"
  while :; do
    find_holder
    if is_holder_alive; then sleep 1 && continue; fi
    next=$work/$((turn + 1))
    ln -s "$me" "$next" 2>/dev/null
    # NFS may say no to a link that it has made (a repeated request).
    [ "$(readlink "$next")" != "$me" ] || break
    [ -L "$next" ] || return 1
  done
  show_life
}

find_holder() {
  turn=0
  for entry in "$work"/[0-9]*; do
    if [ -L "$entry" ] && [ "${entry##*/}" -gt "$turn" ]; then turn=${entry##*/}; fi
  done
  holder=$(readlink "$work/$turn" 2>/dev/null)
}

# A process of another login node cannot be seen from here; it shows that it lives more often than that.
is_holder_alive() {
  [ -n "$holder" ] || return 1
  if [ "${holder#* }" = "${me#* }" ]; then
    case $(tr '\000' ' ' 2>/dev/null <"/proc/${holder%% *}/cmdline") in
      *repx-submit*"$submission"*) [ "${holder%% *}" != "$$" ] ;;
      *) return 1 ;;
    esac
  else
    [ -n "$(find "$work/alive" -mmin -6 2>/dev/null)" ]
  fi
}

show_life() {
  echo "$me" >"$work/alive"
}
