# Part of observe.awk: how the jobs wait that have yet to begin, by the scheduler's reason. Into the file `waiting`: reasons and
# counts, by which a change is seen, on one line, then the same as QueueLines of the protocol, with the earliest start that the
# scheduler expects. At most 50 of them; what is beyond is one, "other".
function note_waiting(state, reason, start) {
  if (!(state in is_waiting)) return
  if (reason == "" || reason == "None") reason = state == "PENDING" ? "None" : state
  gsub(/[^A-Za-z0-9_().,: -]/, "_", reason)
  waiting[reason]++
  if (start !~ /^[0-9-]+T[0-9:]+$/ || length(start) != 19 || start "Z" <= seen_at) return
  if (!(reason in starts_at) || start < starts_at[reason]) starts_at[reason] = start
}

function write_waiting(path,    picture, lines, n, reason, most) {
  for (n = 1; n < 50 && (most = find_most()) != ""; n++) {
    picture = picture most "=" waiting[most] ";"
    lines = lines (n > 1 ? "," : "") render_waiting(most, waiting[most])
    delete waiting[most]
  }
  most = 0
  for (reason in waiting) most += waiting[reason]
  if (most > 0) {
    picture = picture "other=" most
    lines = lines "," render_waiting("other", most)
  }
  print picture "\n[" lines "]" >path
}

function find_most(    reason, most) {
  for (reason in waiting)
    if (most == "" || waiting[reason] > waiting[most] || (waiting[reason] == waiting[most] && reason < most)) most = reason
  return most
}

function render_waiting(reason, jobs) {
  return "{\"reason\":" json_string(reason) ",\"jobs\":" jobs ((reason in starts_at) ? ",\"startsAt\":\"" starts_at[reason] "Z\"" : "") "}"
}
