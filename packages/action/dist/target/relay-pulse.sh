# Part of repx-relay: the pulse, its word to the coordinator that it watches, with how jobs wait in the queue. One line beside the
# events of a request, or alone; it is never kept. Silence means silence: each tells of a look that the scheduler answered and that
# none told of before.
pulse=${REPX_PULSE_SECONDS:-600} looked_at='' waiting='' waiting_json='[]' told_at='' told_waiting='' pulse_after=0 pulse_until=0 has_pulse=''

# After a look that the scheduler answered.
take_pulse() {
  { IFS= read -r waiting && IFS= read -r waiting_json; } 2>/dev/null <"$work/waiting" || return 0
  looked_at=$looked
}

# Alone it goes when the last one is old; sooner when the queue has changed, but not at every change.
is_pulse_due() {
  is_pulse_ready && { [ "$now" -ge "$pulse_until" ] || [ "$waiting" != "$told_waiting" ]; }
}

# With events it goes when the last one is not quite new. While jobs are being handed over there is more to watch than is known.
is_pulse_ready() {
  [ "$looked_at" != "$told_at" ] && [ "$now" -ge "$pulse_after" ] || return 1
  count_open
  [ "$open" != 0 ] || [ -z "$has_all_rows" ]
}

# The last line of relay/body.
add_pulse() {
  has_pulse=''
  is_pulse_ready || return 0
  printf '{"pulse":"%s","queue":%s}\n' "$looked_at" "$waiting_json" >>"$work/body" && has_pulse=1
}

note_pulse() {
  [ -n "$has_pulse" ] || return 0
  told_at=$looked_at told_waiting=$waiting
  pulse_after=$((now + pulse / 10)) pulse_until=$((now + pulse))
}

# What was too large may be well without it.
put_pulse_off() {
  [ -n "$has_pulse" ] || return 1
  pulse_after=$((now + pulse / 10))
}
