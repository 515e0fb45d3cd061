# Part of repx-agent: what the end of one task means for the others, as SLURM has it (sbatch(1): afterok, afterany, aftercorr). All
# tasks of an array depend on the same, and each besides on the tasks of its own index in other arrays. Per array: submission[], batch[],
# last_index[], left[] (tasks that have not ended), spoiled[] (one ended without success), waits[] (what all still wait for), indexed[]
# (how many tasks of its own index each waits for), doomed[]; per task: state[] (waiting, ready, running, or its end in SLURM's words),
# met[] (how many of its own index have succeeded), job[]. Ends are settled one after another from a list, so that
# a long chain of arrays needs no deep recursion.

# An array may have gaps; to ask for an element of awk's would make it.
function is_in_state(id, word) {
  return (id in state) && state[id] == word
}

function is_open(id) {
  return is_in_state(id, "waiting") || is_in_state(id, "ready") || is_in_state(id, "running")
}

# What is waited for, of an array or a task: `kind` is ok or any.
function wait_for(array, reference, kind) {
  waits[array]++
  waiters[reference] = waiters[reference] " " array "." kind
}

function end_task(id, end, reason) {
  if (!is_open(id)) return
  if (state[id] == "running") release(id)
  state[id] = end
  ended[++ended_count] = id
  note_end(id, end, reason)
}

# Works off what has ended, and what ends because of that. A submission that is to end with its first failure is cancelled when all
# that depended on the failed task has been told so.
function settle(    id, name) {
  while (settled_count < ended_count) {
    while (settled_count < ended_count) {
      id = ended[++settled_count]
      delete ended[settled_count]
      settle_task(id, array_of(id))
    }
    for (name in has_failed) { delete has_failed[name]; cancel_all(name, "FailFast") }
  }
}

function settle_task(id, array,    is_success, follower, i, n, list) {
  is_success = state[id] == "COMPLETED"
  left[array]--
  open_count[submission[array]]--
  if (!is_success) spoiled[array] = 1
  tell(waiters[id], 1, !is_success)
  delete waiters[id]
  tell(waiters[array], left[array] == 0, spoiled[array])
  n = split(followers[array], list, " ")
  for (i = 1; i <= n; i++) {
    follower = list[i] substr(id, index(id, "_"))
    if (!is_in_state(follower, "waiting")) continue
    if (is_success) { met[follower]++; offer(follower, list[i]) }
    else end_task(follower, "CANCELLED", "DependencyNeverSatisfied")
  }
  if (!is_success && state[id] != "CANCELLED" && fails_fast[submission[array]]) has_failed[submission[array]] = 1
}

# Tells each array of a list that what it waits for has ended, or can no longer succeed.
function tell(list, is_over, is_spoiled,    each, part, i, n) {
  if (!is_over && !is_spoiled) return
  n = split(list, each, " ")
  for (i = 1; i <= n; i++) {
    split(each[i], part, ".")
    if (part[2] == "ok" && is_spoiled) doom(part[1])
    else if (is_over && --waits[part[1]] == 0) free(part[1])
  }
}

function doom(array,    i) {
  if (doomed[array]) return
  doomed[array] = 1
  for (i = 1; i <= last_index[array]; i++)
    if (is_in_state(array "_" i, "waiting")) end_task(array "_" i, "CANCELLED", "DependencyNeverSatisfied")
}

function free(array,    i) {
  if (doomed[array]) return
  for (i = 1; i <= last_index[array]; i++) offer(array "_" i, array)
}

# A task is ready when all that its array waits for is there, and all of its own index.
function offer(id, array) {
  if (is_in_state(id, "waiting") && waits[array] == 0 && met[id] + 0 == indexed[array]) become_ready(id)
}

function become_ready(id) {
  state[id] = "ready"
  enqueue(id)
  note_ready(id)
}

# What waits ends at once; what runs is told to, and ends when its repx-task says so.
function cancel(id, reason) {
  if (is_in_state(id, "running")) note_cancel(id, reason)
  else if (is_open(id)) end_task(id, "CANCELLED", reason)
}

function cancel_all(name, reason,    array, i) {
  if (open_count[name] == 0) return
  for (array = first_array[name]; array <= last_array[name]; array++)
    for (i = 1; i <= last_index[array]; i++) cancel(array "_" i, reason)
}
