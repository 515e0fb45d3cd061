# With json.awk, tasks.awk, given.awk and waiting.awk: what the scheduler says of a submission's jobs, as events. Reads, by `part`: jobs (relay/rows), reported,
# missing, wanted, retries (of job-retry.sh), account (sacct, or the jobs' own records), queue (squeue, columns of fixed width: no field can run into
# the next). Writes into the folder `work`: new/<event id>.json (whole events, if anybody is to be sent them), new-lines (the
# same as lines), new-ids, ends (peak of memory and beginnings of final events, for the shell to complete), waiting (how jobs wait),
# missing.new, wanted.new. Prints: jobs, unreported, still wanted, missing.
BEGIN {
  split("32 20 12 12 24 24 20 100 100 64", width, " ")
  split("COMPLETED FAILED TIMEOUT DEADLINE OUT_OF_MEMORY CANCELLED NODE_FAIL BOOT_FAIL PREEMPTED", name, " ")
  for (i in name) base_state[name[i]] = name[i]
  # Newer than 22.05: the node failed the job before it began.
  base_state["LAUNCH_FAILED"] = base_state["RECONFIG_FAIL"] = "BOOT_FAIL"
  # All that squeue calls an attempt that has yet to begin.
  split("PENDING CONFIGURING REQUEUED REQUEUE_HOLD REQUEUE_FED SPECIAL_EXIT RESV_DEL_HOLD", name, " ")
  for (i in name) is_waiting[name[i]] = 1
  printf "" >(work "/ends"); printf "" >(work "/new-ids"); printf "" >(work "/new-lines"); printf "" >(work "/missing.new"); printf "" >(work "/wanted.new")
}

part == "jobs" {
  if (split($0, f, "\t") == 2 && f[1] ~ /^[0-9]+(_[0-9]+)?$/ && f[2] ~ /^[0-9a-z]+-[A-Za-z0-9._+-]+$/) job[f[1]] = f[2]
}
part == "reported" { note_reported($0) }
part == "missing" { split($0, f, "\t"); since[f[1]] = f[2] }
part == "wanted" { bells++; split($0, f, "\t"); bell_id[bells] = f[1]; bell_kind[bells] = f[2]; bell_until[bells] = f[3] }
part == "retries" { note_retry($0) }
part == "account" { accounts++; account[accounts] = $0 }
part == "queue" {
  at = 1
  for (i = 1; i <= 10; i++) { f[i] = substr($0, at, width[i]); sub(/ +$/, "", f[i]); at += width[i] }
  array = f[1]; sub(/_.*/, "", array); is_known_array[array] = 1
  if (f[1] in job) {
    present[f[1]] = 1
    note_waiting(f[2], f[9], f[5])
    # The last of a list that fills its column may be cut. Of a job that never began, it is what was asked for.
    if (length(f[10]) == width[10]) sub(/,[^,]*$/, "", f[10])
    take(f[1], f[2], f[3] + 0, f[4], f[5], f[6], seconds(f[7]), f[8], f[9], render_node(f[8]) == "" ? "" : render_given(f[10]), "")
  }
}

END {
  write_waiting(work "/waiting")
  for (i = 1; i <= accounts; i++) note_account(account[i])
  for (id in last_account) take_account(last_account[id])
  for (id in taken_away) if (!(id in last_account)) take_account(taken_away[id])
  for (id in job) if (!(id in present) && !is_closed(id)) {
    missing++
    if (is_unseen(id) && now - since[id] >= late) take(id, "CANCELLED", top[id] + 0, "", "", "", "", "", "", "", "")
    else if (id in since && now - since[id] >= (id in is_marker_late ? marker : lost)) take(id, "NODE_FAIL", top[id] + 0, "", "", "", "", "", "NoRecordOfItsEnd", "", "")
    printf "%s\t%s\t%s\t%s\n", id, (id in since) ? since[id] : now, job[id], top[id] + 0 >(work "/missing.new")
  }
  for (i = 1; i <= bells; i++) keep_bell(bell_id[i], bell_kind[i], bell_until[i])
  for (id in last) if (last[id] == "COMPLETING" && !(id in completing)) keep_bell(id, "completing", now + 60)
  for (id in job) { known++; if (!is_closed(id)) unreported++ }
  print known + 0, unreported + 0, wanted + 0, missing + 0
}

# Event ids: <slurm id>.<restarts>.<STATE>. `top` is a job's highest count of restarts that is known, `ended` the number of
# its last attempt whose end was reported: a requeue (`scontrol requeue` works on ended jobs too) puts `top` past that.
function note_reported(event,    f, restarts) {
  split(event, f, ".")
  reported[event] = 1
  restarts = f[2] + (f[3] == "REQUEUED")
  if (restarts > top[f[1]] + 0) top[f[1]] = restarts
  if (f[3] !~ /^(PENDING|RUNNING|REQUEUED)$/ && f[2] + 1 > ended[f[1]] + 0) ended[f[1]] = f[2] + 1
}

# Slurm id, the restart that ended, how, its limits after that, answer: what the attempt after it was given.
function note_retry(line,    f) {
  if (split(line, f, "\t") != 6) return
  if (f[6] == "asked") is_asked[f[1] "." f[2] + 1] = 1
  if (f[6] != "granted" || f[3] !~ /^(OUT_OF_MEMORY|TIMEOUT)$/) return
  if (f[4] !~ /^([0-9]+M|-)$/ || f[5] !~ /^([0-9]+|-)$/) return
  retry[f[1] "." f[2] + 1] = "again with" (f[4] == "-" ? "" : " mem " f[4]) (f[5] == "-" ? "" : " time " f[5] " min") " after " f[3]
}

function is_closed(id) {
  return ended[id] + 0 > top[id] + 0
}

function take(id, state, restarts, code, from, to, elapsed, node, reason, given, peak,    base) {
  last[id] = state
  if (restarts > top[id] + 0) top[id] = restarts
  if (ended[id] + 0 > restarts) return
  # sacct alone says so: `CANCELLED by 1001`.
  if (reason == "" && state ~ /^CANCELLED by [0-9]+$/) reason = "CancelledBy:" substr(state, 14)
  sub(/ .*/, "", state)
  # The attempt before this one ended without a word that we saw; what the next one gets is told with that, once it is known.
  if (restarts > ended[id] + 0 && !(state == "COMPLETING" && (id "." restarts) in is_asked)) write(id, "REQUEUED", restarts - 1, seen_at, render_reason(retry[id "." restarts]))
  # Of a first attempt everybody takes that for granted, but for who asks why.
  if ((restarts > 0 || tells_pending) && state in is_waiting) write(id, "PENDING", restarts, seen_at, render_reason(join(reason, retry[id "." restarts])))
  else if (state == "RUNNING" || state == "SUSPENDED" || state == "STOPPED") write(id, "RUNNING", restarts, from, render_node(node) render_reason(retry[id "." restarts]))
  else if (state in base_state) {
    base = base_state[state]
    ended[id] = restarts + 1
    printf "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", id "." restarts "." base, id, job[id], restarts, base, (render_node(node) == "" ? "-" : "+"), \
      (peak == "" ? "-" : peak), render(id, base, restarts, to, render_code(code) render_node(node) render_reason(reason) render_elapsed(elapsed) given) >(work "/ends")
  }
}

# An event that is complete as it is.
function write(id, state, restarts, at, more,    event, line) {
  event = id "." restarts "." state
  if (event in reported && !(tells_pending && state == "PENDING")) return
  reported[event] = 1
  line = render(id, state, restarts, at, more) "}"
  print line >(work "/new-lines")
  if (sends) {
    print line >(work "/new/" event ".json")
    close(work "/new/" event ".json")
  }
  print event >(work "/new-ids")
}

function render(id, state, restarts, at, more) {
  at = at ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$/ ? at "Z" : seen_at
  return "{\"id\":\"" id "." restarts "." state "\",\"job\":" json_string(job[id]) ",\"attempt\":" restarts + 1 \
    ",\"state\":\"" state "\",\"at\":\"" at "\",\"slurmId\":\"" id "\"" more
}

# scontrol and sacct say `3:0`, squeue the raw wait status (exit code * 256, or a signal; then the rest means nothing: SLURM
# itself sets 4021 for a job that it could not start, and calls that 0:53).
function render_code(code,    f) {
  if (code ~ /^[0-9]+:[0-9]+$/) split(code, f, ":")
  else if (code ~ /^[0-9]+$/) { f[2] = code % 128; f[1] = f[2] ? 0 : int(code / 256) }
  else return ""
  # repx-job, as a shell does, says 128 + n of a program that signal n ended.
  if (f[2] == 0 && f[1] > 128 && f[1] <= 192) f[2] = f[1] - 128
  return ",\"exitCode\":" f[1] % 256 ",\"signal\":" f[2] % 256
}

function render_node(node) {
  return node == "" || node == "n/a" || node ~ /^None/ || length(node) >= 100 ? "" : ",\"node\":" json_string(node)
}

function render_reason(reason) {
  return reason == "" || reason == "None" ? "" : ",\"reason\":" json_string(reason)
}

function join(reason, more) {
  return reason == "" || reason == "None" || more == "" ? (reason == "None" ? "" : reason) more : reason ", " more
}

function render_elapsed(elapsed) {
  return elapsed ~ /^[0-9.]+$/ ? ",\"elapsedSeconds\":" elapsed : ""
}

# [days-][[hours:]minutes:]seconds
function seconds(text,    f, n, i, sum, days) {
  if (text !~ /^[0-9:-]+$/) return ""
  days = 0
  if ((i = index(text, "-")) > 0) { days = substr(text, 1, i - 1); text = substr(text, i + 1) }
  n = split(text, f, ":")
  for (i = 1; i <= n; i++) sum = sum * 60 + f[i]
  return days * 86400 + sum
}

# sacct|id|state|e:s|start|end|seconds|nodes|resources|, one for each attempt of a job, each of its steps after it with |peak, or
# record|id|state|first line of result.json, or unseen|id: no record of this attempt, or late|id: an end whose marker was awaited
function note_account(line,    f) {
  split(line, f, "|")
  if (f[1] == "sacct" && f[2] ~ /\./) { note_step(f[2], f[10]); return }
  if (f[1] == "sacct" && f[2] ~ /\[/ && f[3] ~ /^CANCELLED/) { note_taken_away(f[2], line); return }
  if (f[1] == "late") is_marker_late[f[2]] = 1
  if (f[1] == "unseen") unseen[f[2]] = 1
  if (f[1] == "unseen" || f[1] == "late" || !(f[2] in job) || (f[2] in present)) return
  # An end that accounting tells counts more than the job's own word; a record without one (of slurmdbd, which missed it) does not.
  if (f[1] == "record" && f[2] in last_account && is_end(last_account[f[2]])) return
  # Asked for a whole array, accounting tells of tasks that nobody misses, too.
  if (f[1] == "sacct" && !(f[2] in since)) return
  if (f[1] == "sacct" && f[2] in last_account && ++rounds[f[2]] > top[f[2]] + 0) top[f[2]] = rounds[f[2]]
  last_account[f[2]] = line
  delete step_peak[f[2]]
}

function note_step(id, held,    peak) {
  sub(/\..*/, "", id)
  peak = mebibytes(held, "B")
  if (peak + 0 > step_peak[id] + 0) step_peak[id] = peak
}

function is_end(line,    f) {
  split(line, f, "|")
  sub(/ .*/, "", f[3])
  return f[1] == "sacct" && f[3] in base_state
}

# Tasks that were cancelled before they began are one line, and no attempt of one that has a line of its own.
function note_taken_away(ids, line,    tasks, i, n, rest) {
  rest = substr(line, 8 + length(ids))
  n = read_tasks(ids, tasks)
  for (i = 1; i <= n; i++) if ((tasks[i] in job) && !(tasks[i] in present) && (tasks[i] in since)) taken_away[tasks[i]] = "sacct|" tasks[i] "|" rest
}

function take_account(line,    f, n, code) {
  n = split(line, f, "|")
  if (f[1] == "sacct" && n == 10) {
    take(f[2], f[3], top[f[2]] + 0, f[4], f[5], f[6], f[7], f[8], "", render_given(f[9]), step_peak[f[2]])
  } else if (f[1] == "record" && match(f[4], /"exitCode":[0-9]+/)) {
    code = substr(f[4], RSTART + 11, RLENGTH - 11)
    take(f[2], f[3], top[f[2]] + 0, code ":0", field(f[4], "startedAt"), field(f[4], "endedAt"), "", "", "", render_own_given(f[4]), "")
  }
}

# An attempt of a task that nobody saw begin, of an array that the scheduler still knows.
function is_unseen(id,    array) {
  array = id; sub(/_.*/, "", array)
  return (id in since) && (id in unseen) && array in is_known_array && !((id "." top[id] + 0 ".RUNNING") in reported)
}

# A time of result.json, without its Z.
function field(line, name,    at) {
  at = index(line, "\"" name "\":\"")
  return at ? substr(line, at + length(name) + 4, 19) : ""
}

# A bell is answered when the scheduler's word says as much as the bell did; until then, for a minute, look again.
function keep_bell(id, kind, until,    state) {
  state = last[id]
  if (is_closed(id) || state == "PENDING") return
  if (kind == "start" && state == "RUNNING") return
  # A node that hangs can be COMPLETING for hours: then the sweep is enough, and the line says that we know.
  if (kind == "completing") completing[id] = 1
  if (now >= until && kind != "completing") return
  printf "%s\t%s\t%s\n", id, kind, until >(work "/wanted.new")
  # A job that slurm.tsv does not name yet waits for its line.
  if (id in job && now < until) wanted++
}
