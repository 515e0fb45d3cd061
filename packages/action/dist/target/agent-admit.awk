# Part of repx-agent: which of the tasks that are ready starts next. Tasks that ask for the same stand in one queue, in the order in
# which they became ready, so that choosing takes as long as there are different wishes, however many tasks wait. Uses:
# cpus[array], memory[array] (MiB), total_cpus, total_memory, concurrency (0: no limit of its own).
#
# The earliest that fits starts. One that does not fit is passed over PATIENCE times; then nothing starts before it.

function array_of(id) {
  return substr(id, 1, index(id, "_") - 1)
}

# More than the machine has is refused at submission; should the machine have shrunk since, such a task runs alone.
function wish_cpus(array) {
  return cpus[array] > total_cpus ? total_cpus : cpus[array]
}

function wish_memory(array) {
  return memory[array] == "all" || memory[array] > total_memory ? total_memory : memory[array]
}

function enqueue(id,    wish) {
  wish = wish_cpus(array_of(id)) " " wish_memory(array_of(id))
  if (!(wish in head)) { head[wish] = 1; tail[wish] = 0; passed_over[wish] = 0 }
  queue[wish, ++tail[wish]] = id
  turn[wish, tail[wish]] = ++turns
}

# The first of a queue that is still ready: others may have been cancelled since. Empty when there is none.
function front(wish,    id) {
  while (head[wish] <= tail[wish]) {
    id = queue[wish, head[wish]]
    if (is_in_state(id, "ready")) return id
    drop_front(wish)
  }
  return ""
}

function drop_front(wish) {
  delete queue[wish, head[wish]]
  delete turn[wish, head[wish]]
  head[wish]++
  passed_over[wish] = 0
}

function fits(wish,    part) {
  split(wish, part, " ")
  return used_cpus + part[1] <= total_cpus && used_memory + part[2] <= total_memory
}

# Takes the next task that may start from its queue and counts it as running; empty when none may.
function admit(    wish, first, best, id) {
  if (concurrency > 0 && running_count >= concurrency) return ""
  for (wish in head) if (front(wish) != "") {
    if (first == "" || turn[wish, head[wish]] < turn[first, head[first]]) first = wish
    if (fits(wish) && (best == "" || turn[wish, head[wish]] < turn[best, head[best]])) best = wish
  }
  if (best == "" || (best != first && passed_over[first] >= PATIENCE)) return ""
  if (best != first) passed_over[first]++
  id = queue[best, head[best]]
  drop_front(best)
  occupy(id)
  return id
}

function occupy(id) {
  state[id] = "running"
  running_count++
  used_cpus += wish_cpus(array_of(id))
  used_memory += wish_memory(array_of(id))
  running[id] = 1
}

function release(id) {
  running_count--
  used_cpus -= wish_cpus(array_of(id))
  used_memory -= wish_memory(array_of(id))
  delete running[id]
}
