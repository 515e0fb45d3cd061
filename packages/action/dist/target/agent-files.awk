# Part of repx-agent: what is kept on the disk, and read again by the next agent. Of a submission, in its folder local/:
#   plan.tsv    the submitter's: `continue` or `stop` (at the first failure), then a line a batch: number, cpus, MiB (or `all`), seconds,
#               and what is waited for (- nothing): batches by whose tasks each waits for that of its own index, then the batches (3) or
#               tasks (2_7) whose success, and those whose end, all wait for
#   log         ours, only ever longer: A <first array>, S <task that starts>, C <task to cancel> <reason>, E <task> <how it ended>;
#               a line without a dot at its end was not written whole and does not count
#   claims/, ends/  of repx-task: who runs a task, and how that ended
#   cancel/     wishes: files with `all`, or one id a line
#   queue       ours: what squeue would say, replaced as a whole

function local_path(name, file) {
  return "submissions/" name "/local/" file
}

function say(text) {
  print now_iso "Z " text >>(AGENT "/agent.log")
  close(AGENT "/agent.log")
}

function read_line(path,    line) {
  line = ""
  if ((getline line <path) <= 0) line = ""
  close(path)
  return line
}

# Commands run together, after what they rest on is in the logs.
function command(text) {
  commands = commands text "\n"
  if (length(commands) > 60000) flush()
}

# The logs first: a task that is not in them was never started, and no end is told that is not in them.
function flush(    name) {
  for (name in log_text) {
    printf "%s", log_text[name] >>local_path(name, "log")
    close(local_path(name, "log"))
    delete log_text[name]
  }
  if (commands != "") system(commands)
  commands = ""
}

function note(name, text) {
  log_text[name] = log_text[name] text " .\n"
  is_changed[name] = 1
}

# Numbers that no array of this agent had. The counter moves before they are used.
function take_numbers(count,    first) {
  first = read_line(AGENT "/counter") + 1
  print first + count - 1 >(AGENT "/counter.tmp")
  close(AGENT "/counter.tmp")
  return system("mv -f " AGENT "/counter.tmp " AGENT "/counter") == 0 ? first : 0
}

# Takes a submission, or takes it up again. Not 1 when there is nothing to be read of it.
function take(name,    line, f, path, batches, array, i, rows) {
  path = local_path(name, "plan.tsv")
  if ((getline line <path) <= 0 || line !~ /^(continue|stop)$/) { close(path); return 0 }
  fails_fast[name] = line == "stop"
  for (batches = 0; (getline line <path) > 0; ) plan[++batches] = line
  close(path)
  concurrency = read_line(AGENT "/concurrency") + 0
  read_log(name)
  if (!first_array[name]) {
    if (!(first_array[name] = take_numbers(batches))) return 0
    note(name, "A " first_array[name])
  }
  taken[name] = 1
  last_array[name] = first_array[name] + batches - 1
  open_count[name] = task_count[name] = 0
  rows = local_path(name, "slurm.tsv")
  printf "" >rows
  for (i = 1; i <= batches; i++) read_batch(name, i, plan[i], rows)
  close(rows)
  for (i = 1; i <= batches; i++) { link(name, i, plan[i]); delete plan[i] }
  # A log whose last line is not whole goes on with a new line.
  log_text[name] = "\n" log_text[name]
  for (array = first_array[name]; array <= last_array[name]; array++) take_up(array)
  command("mkdir -p submissions/" name "/local/claims submissions/" name "/local/ends submissions/" name "/local/cancel")
  write_queue(name)
  # The relay must find the queue where it finds the tasks.
  command("mv -f " rows " submissions/" name "/slurm.tsv")
  say("takes " name ": " task_count[name] " tasks, arrays " first_array[name] " to " last_array[name] ", concurrency " concurrency)
  return 1
}

function read_batch(name, number, line, rows,    f, array, path, task, i) {
  split(line, f, "\t")
  array = first_array[name] + number - 1
  submission[array] = name; batch[array] = number
  cpus[array] = f[2]; memory[array] = f[3]; seconds[array] = f[4]
  left[array] = 0; waits[array] = 0; doomed[array] = 0; spoiled[array] = 0
  path = "submissions/" name "/batches/" number ".tsv"
  for (i = 1; (getline task <path) > 0; i++) {
    if (task == "") continue
    state[array "_" i] = "waiting"
    left[array]++; open_count[name]++; task_count[name]++
    last_index[array] = i
    print array "_" i "\t" substr(task, 1, index(task, "\t") - 1) >rows
  }
  close(path)
}

function link(name, number, line,    f, array, each, i, upstream) {
  split(line, f, "\t")
  array = first_array[name] + number - 1
  indexed[array] = f[5] == "-" ? 0 : split(f[5], each, ",")
  for (i = 1; i <= indexed[array]; i++) {
    upstream = first_array[name] + each[i] - 1
    followers[upstream] = followers[upstream] " " array
  }
  link_list(name, array, f[6], "ok")
  link_list(name, array, f[7], "any")
}

function link_list(name, array, text, kind,    each, part, i, n) {
  if (text == "-") return
  n = split(text, each, ",")
  for (i = 1; i <= n; i++) {
    split(each[i] "_", part, "_")
    wait_for(array, (first_array[name] + part[1] - 1) (part[2] == "" ? "" : "_" part[2]), kind)
  }
}

function read_log(name,    path, line, f, n) {
  path = local_path(name, "log")
  while ((getline line <path) > 0) {
    n = split(line, f, " ")
    if (f[n] != ".") continue
    if (f[1] == "A" && n == 3) first_array[name] = f[2]
    else if (f[1] == "S" && n == 3) was_started[f[2]] = 1
    else if (f[1] == "C" && n == 4) wish[f[2]] = f[3]
    else if (f[1] == "E" && n == 9) {
      logged_end[f[2]] = f[3]; raw[f[2]] = f[4]; from[f[2]] = f[5]; to[f[2]] = f[6]; took[f[2]] = f[7]; why[f[2]] = f[8]
    }
  }
  close(path)
}

# What the log says of an array's tasks; without a log all of them wait, or are ready at once.
function take_up(array,    i, id) {
  for (i = 1; i <= last_index[array]; i++) {
    id = array "_" i
    if (id in logged_end) {
      state[id] = logged_end[id]
      ended[++ended_count] = id
      delete logged_end[id]
    } else if (id in was_started) {
      occupy(id)
      launched_at[id] = 0
    }
    delete was_started[id]
  }
  if (waits[array] == 0) free(array)
}

# What is not known of an end is left at what it was when nothing ran.
function note_end(id, end, reason) {
  if (!(id in to)) { raw[id] = 0; from[id] = "N/A"; to[id] = now_iso; took[id] = 0 }
  why[id] = reason
  note(submission[array_of(id)], "E " id " " end " " raw[id] " " from[id] " " to[id] " " took[id] " " reason)
  if (from[id] == "N/A" || end != "COMPLETED") unrung[submission[array_of(id)]] = id
}

function note_ready(id) {
  is_changed[submission[array_of(id)]] = 1
}

function note_cancel(id, reason) {
  if (id in wish) return
  wish[id] = reason
  note(submission[array_of(id)], "C " id " " reason)
}

# With the columns of the relay's squeue (queue_format). repx-job rings for what it has run; for the rest we do.
function write_queue(name,    path, array, i, id) {
  path = local_path(name, "queue.tmp")
  printf "" >path
  for (array = first_array[name]; array <= last_array[name]; array++)
    for (i = 1; i <= last_index[array]; i++) if ((id = array "_" i) in state) print render_row(id, state[id]) >path
  close(path)
  command("mv -f " path " " local_path(name, "queue"))
  if (name in unrung) command("true >submissions/" name "/bells/" unrung[name] ".end")
  delete unrung[name]
  delete is_changed[name]
  written_at[name] = now
}

function render_row(id, word) {
  if (word == "waiting") return row(id, "PENDING", 0, "N/A", "N/A", 0, "", "Dependency")
  if (word == "ready") return row(id, "PENDING", 0, "N/A", "N/A", 0, "", "Resources")
  if (word == "running") return row(id, "RUNNING", 0, (id in from) ? from[id] : now_iso, "N/A", 0, HOST, "None")
  return row(id, word, raw[id], from[id], to[id], took[id], from[id] == "N/A" ? "" : HOST, why[id])
}

function row(id, word, code, since, until, elapsed, host, reason,    given) {
  if (host != "") given = "cpu=" wish_cpus(array_of(id)) ",mem=" wish_memory(array_of(id)) "M,node=1"
  return sprintf("%-32s%-20s%-12s%-12s%-24s%-24s%-20s%-100s%-100s%s", id, word, 0, code, since, until, elapsed, host, reason, given)
}

# Forgets a submission of which everything has ended; the queue and the log stay.
function drop(name,    array, i, id) {
  for (array = first_array[name]; array <= last_array[name]; array++) {
    for (i = 1; i <= last_index[array]; i++) {
      id = array "_" i
      delete state[id]; delete raw[id]; delete from[id]; delete to[id]; delete took[id]; delete why[id]; delete waiters[id]
      delete wish[id]; delete told[id]; delete process[id]; delete launched_at[id]; delete met[id]
    }
    delete submission[array]; delete batch[array]; delete cpus[array]; delete memory[array]; delete seconds[array]; delete left[array]
    delete waits[array]; delete doomed[array]; delete spoiled[array]; delete last_index[array]; delete waiters[array]; delete followers[array]
    delete indexed[array]
  }
  delete taken[name]; delete first_array[name]; delete last_array[name]; delete open_count[name]; delete task_count[name]
  delete fails_fast[name]; delete is_changed[name]; delete written_at[name]; delete log_text[name]
}
