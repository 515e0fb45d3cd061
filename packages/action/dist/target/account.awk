# With tasks.awk and given.awk, for relay-account.sh: adds to a table of ends what accounting alone knows. Reads what sacct says, steps too, of
# each attempt in turn (JobID|State|MaxRSS; of a pending array's tasks in one line, 12_[3-5,8]), then the table. Of who cancelled a job
# it takes the uid, for a name may be anything. A dependency that was never satisfied stays the reason: nobody cancelled that
# job. The node "?" marks an end that accounting has yet to hear of.
part == "account" {
  split($0, f, "|")
  id = f[1]; sub(/\..*/, "", id)
  if (id != f[1]) {
    if (f[2] == "OUT_OF_MEMORY") out_of_memory[id] = 1
    held = mebibytes(f[3], "B")
    if (held + 0 > peak[id] + 0) peak[id] = held
    next
  }
  # Of an earlier attempt nothing counts.
  delete out_of_memory[id]; delete who[id]; delete peak[id]
  attempts[id]++
  has_ended[id] = f[2] !~ /^(PENDING|RUNNING|SUSPENDED|REQUEUED|RESIZING)/
  if (f[2] !~ /^CANCELLED by [0-9]+$/) next
  uid = substr(f[2], 14)
  n = read_tasks(id, tasks)
  if (n == 0) who[id] = uid
  for (i = 1; i <= n; i++) who[tasks[i]] = uid
  next
}
is_open() && asked++ < 1000 {
  if ($2 in who) reason("CancelledBy:" who[$2])
  else if ($5 == "CANCELLED" || attempts[$2] <= $4 || !has_ended[$2]) $6 = "?"
  else if ($2 in out_of_memory) reason("OutOfMemory")
  if (peak[$2] + 0 > 0 && attempts[$2] > $4) $7 = peak[$2]
}
{ print }

function reason(text) {
  sub(/,"reason":"([^"\\]|\\.)*"/, "", $8)
  $8 = $8 ",\"reason\":\"" text "\""
}

# The same in relay-account.sh.
function is_open() {
  return ($5 == "CANCELLED" || $5 == "FAILED") && $8 !~ /"reason":"(DependencyNeverSatisfied|CancelledBy:)/
}
