# Part of repx-relay: one look for whoever asks how a submission stands. It works in a folder of its own, of which nothing
# stays, so it is safe beside a living relay and beside others that look. Where no relay lives but one is needed, it starts one.
#
# Prints lines that begin with <mark>, each with a word and a value, then what of events.ndjson the asker does not know yet,
# and after `<mark> now` what this look alone has found.
look_once() {
  mark=$1 known_bytes=$2 looks=1 me='' records_at_once=1000000
  [ -d "$dir" ] || exit 66
  work=$(mktemp -d "${TMPDIR:-/tmp}/repx-look.XXXXXX") || exit 73
  trap 'rm -rf "$work"' EXIT
  trap 'exit 143' HUP INT TERM
  mkdir -p "$work/new" "$late" 2>/dev/null
  # `reported` before events.ndjson: what is reported is in there.
  for name in reported missing; do cat "$dir/relay/$name" 2>/dev/null >"$work/$name"; done
  true >"$work/wanted"
  log() { :; }
  publish() { :; }
  ask_queue() { ask_queue_once && list_missing; }
  if is_relay_alive; then relay=alive; else relay=none; fi
  mark_beginning
  look
  tell_state
  # Since when a job is missing has to be known the next time, too.
  if [ "$relay" = none ] && [ "$scheduler" = up ]; then remember_missing; fi
  tell_events
  revive
}

# Who looks at many submissions asks the scheduler once: REPX_QUEUE_FILE keeps its answer.
ask_queue_once() {
  if [ -z "$local_agent" ] && [ -e "${REPX_QUEUE_FILE-}" ]; then
    cat "$REPX_QUEUE_FILE" >"$work/queue"
  else
    ask_scheduler >"$work/queue" 2>"$work/scheduler.err" || return
    [ -z "${REPX_QUEUE_FILE-}" ] || [ -n "$local_agent" ] || cat "$work/queue" >"$REPX_QUEUE_FILE"
  fi
}

# A relay asks elsewhere for what the queue has not named twice in a row; one look has to know at once what it does not name.
list_missing() {
  awk -v now="$now" '
    part == "reported" {
      split($0, f, "."); n = f[2] + (f[3] == "REQUEUED")
      if (n > top[f[1]] + 0) top[f[1]] = n
      if (f[3] !~ /^(PENDING|RUNNING|REQUEUED)$/ && f[2] + 1 > ended[f[1]] + 0) ended[f[1]] = f[2] + 1
    }
    part == "missing" { since[$1] = $2 }
    part == "queue" { present[$1] = 1 }
    part == "jobs" && NF == 2 && !($1 in present) && ended[$1] + 0 <= top[$1] + 0 {
      printf "%s\t%s\t%s\t%s\n", $1, ($1 in since) ? since[$1] : now, $2, top[$1] + 0
    }' part=reported "$work/reported" part=missing "$work/missing" part=queue "$work/queue" part=jobs "$work/rows" >"$work/missing.now" &&
    mv -f "$work/missing.now" "$work/missing"
}

# The scheduler's word is of now, or of the last look that it answered.
tell_state() {
  seen=$now
  [ "$scheduler" = up ] || seen=$(stat -c %Y "$dir/relay/summary" 2>/dev/null) || seen=''
  echo "$mark scheduler $scheduler"
  echo "$mark seen $seen"
  [ "$scheduler" = up ] || echo "$mark error $(head -n 1 "$work/scheduler.err" | tr -c ' -~' ' ' | cut -c 1-300)"
  echo "$mark relay $relay"
  if [ -e "$dir/submitted" ]; then
    handed=yes
  # repx-submit may wait for hours until SLURM takes more, and shows every few minutes that it lives.
  elif [ -n "$(find "$dir/started" -mmin +60 2>/dev/null)" ] && [ -z "$(find "$dir/submit/alive" -mmin -6 2>/dev/null)" ]; then
    handed=broken
  else
    handed=no
  fi
  echo "$mark handed $handed"
}

tell_events() {
  size=0
  [ ! -e "$dir/events.ndjson" ] || size=$(wc -c <"$dir/events.ndjson")
  echo "$mark events $((size))"
  [ "$size" -le "$known_bytes" ] || tail -c "+$((known_bytes + 1))" "$dir/events.ndjson" | head -c "$((size - known_bytes))"
  # The end of a line that is still being written.
  echo
  echo "$mark now"
  [ ! -e "$work/new-lines" ] || cat "$work/new-lines"
  echo "$mark end"
}

remember_missing() {
  { cat "$work/missing" >"$dir/relay/.missing.$$" && mv -f "$dir/relay/.missing.$$" "$dir/relay/missing"; } 2>/dev/null
}

revive() {
  [ "$relay" = none ] || return 0
  [ -e "$dir/settled" ] || true >"$dir/settled"
  count_open
  [ "$open" != 0 ] || ! is_spool_empty || return 0
  setsid nohup "$here/repx-relay" "$base" "$submission" </dev/null >/dev/null 2>&1 &
}
