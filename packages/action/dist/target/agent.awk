# repx-agent's loop. Nothing here waits for a task: a bell (a FIFO, file descriptor 3) says that something happened, and without one
# it looks every few seconds. An awk may read a pipe in blocks, so that it would wait for bells that are not rung yet: dd reads them.
BEGIN {
  AGENT = ENVIRON["REPX_AGENT_FOLDER"]; HOST = ENVIRON["REPX_AGENT_HOST"]; PATIENCE = 100
  total_cpus = ENVIRON["REPX_AGENT_CPUS"] + 0
  if (total_cpus < 1) total_cpus = 1
  total_memory = read_total_memory()
  boot = read_line("/proc/sys/kernel/random/boot_id")
  wake(1)
  say("started: " total_cpus " cores, " total_memory " MiB")
  for (;;) {
    take_new()
    look_at_all()
    settle()
    take_wishes()
    settle()
    while ((id = admit()) != "") start(id)
    for (name in taken) if (open_count[name] == 0 || (is_changed[name] && now >= written_at[name] + task_count[name] / 2000)) write_queue(name)
    flush()
    for (name in taken) if (open_count[name] == 0) finish(name)
    if (is_idle()) break
    wake(0)
  }
  say("ends: nothing is left")
  system("rm -f \"$REPX_AGENT_TURN\"")
  exit
}

# What is wished of a submission is known only when it is taken, and before anything of it starts.
function take_new(    name, has_taken) {
  for (name in wanted) if (!(name in taken)) {
    if (take(name)) has_taken = 1
    else refuse(name)
  }
  if (has_taken) { flush(); wake(1) }
}

function read_total_memory(    line, f, mib) {
  mib = 1024
  while ((getline line <"/proc/meminfo") > 0) if (split(line, f, " ") > 1 && f[1] == "MemTotal:") mib = int(f[2] / 1024)
  close("/proc/meminfo")
  return mib
}

# Waits for a bell, unless it is hurried, and says what is new: time, submissions, wishes to cancel, submissions whose folder was removed.
function wake(is_hurried,    text, name, id, line, f, pause) {
  pause = ENVIRON["REPX_AGENT_TICK"]
  for (name in is_changed) if (pause > 1) pause = 1
  text = is_hurried ? "" : "if [ -p " AGENT "/bell ]; then timeout " pause " dd bs=65536 count=1 <&3; else sleep 0.5; fi >/dev/null 2>&1\n"
  text = text "date -u '+now %s %Y-%m-%dT%H:%M:%S'; printf 'wanted %s\\n' " AGENT "/wanted/s*\n"
  # The shell reads them: some awks give up where a process ends while they read of it.
  split("", was_asked); split("", stat)
  for (id in running) if (id in process) {
    was_asked[id] = 1
    text = text "{ read -r line </proc/" (process[id] + 0) "/stat && echo \"stat $line\"; } 2>/dev/null\n"
  }
  for (name in taken) text = text "[ -d submissions/" name "/local ] || echo gone x/" name "\n printf 'wish %s\\n' submissions/" name "/local/cancel/w*\n"
  split("", wanted); split("", wishes); split("", gone)
  while ((text | getline line) > 0) {
    split(line, f, " ")
    if (f[1] == "stat") { stat[f[2]] = line; continue }
    if (f[1] == "now") { now = f[2] + 0; now_iso = f[3] }
    name = f[2]; sub(/.*\//, "", name)
    if (f[1] == "wanted" && name ~ /^s[0-9a-z]+$/) wanted[name] = 1
    if (f[1] == "gone") gone[name] = 1
    if (f[1] == "wish" && name !~ /\*/) wishes[f[2]] = 1
  }
  close(text)
  for (name in gone) if (name in taken) abandon(name)
}

function is_idle(    name) {
  for (name in taken) return 0
  for (name in wanted) return 0
  return 1
}

function refuse(name) {
  say(name " has no plan that can be read: it is left alone")
  delete wanted[name]
  command("rm -f " AGENT "/wanted/" name)
}

# Whoever removed the folder wanted nothing more of it.
function abandon(name,    id) {
  say("the folder of " name " is gone: what runs of it is killed")
  for (id in running) if (submission[array_of(id)] == name) {
    if (id in process) clear(id)
    release(id)
  }
  command("rm -f " AGENT "/wanted/" name)
  drop(name)
  delete wanted[name]
}

function finish(name) {
  say(name " has ended")
  command("rm -f " AGENT "/wanted/" name)
  command("rm -rf submissions/" name "/local/claims submissions/" name "/local/ends &")
  flush()
  delete wanted[name]
  drop(name)
}

function take_wishes(    path, part, line) {
  for (path in wishes) {
    split(path, part, "/")
    while ((getline line <path) > 0) {
      if (line == "all") cancel_all(part[2], "None")
      else if ((line in state) && submission[array_of(line)] == part[2]) cancel(line, "None")
    }
    close(path)
    command("rm -f " path)
  }
}

function start(id,    name) {
  name = submission[array_of(id)]
  note(name, "S " id)
  launch(id, name)
}

# With the programs that the submission came with.
function launch(id, name) {
  launched_at[id] = now
  command("{ read -r programs <submissions/" name "/programs && exec setsid \"$programs/repx-task\" \"$REPX_AGENT_BASE\" " name " " \
    batch[array_of(id)] " " id " " seconds[array_of(id)] "; } </dev/null >/dev/null 2>&1 3>&- &")
}

function look_at_all(    id, list, i, n) {
  for (id in running) list[++n] = id
  for (i = 1; i <= n; i++) look_at(list[i], submission[array_of(list[i])])
}

function look_at(id, name) {
  if (read_end(id, name)) return
  if (!(id in process) && !read_claim(id, name)) look_at_unclaimed(id, name)
  else if (!is_alive(id)) vanish(id)
  else if ((id in wish) && !(id in told)) {
    told[id] = 1
    command("kill -s TERM " (process[id] + 0))
  }
}

# <exit code> <why> <from> <to> <seconds> .
function read_end(id, name,    f) {
  if (split(read_line(local_path(name, "ends/" id)), f, " ") != 6 || f[6] != ".") return 0
  raw[id] = f[1] * 256; from[id] = f[3]; to[id] = f[4]; took[id] = f[5]
  if (f[2] == "timeout") end_task(id, "TIMEOUT", "TimeLimit")
  else if (id in wish) end_task(id, "CANCELLED", wish[id])
  # Nobody asked us for that: the machine goes down, or somebody ended it by hand.
  else if (f[2] == "told") end_task(id, "NODE_FAIL", "Terminated")
  else if (f[1] == 0) end_task(id, "COMPLETED", "None")
  else end_task(id, "FAILED", "NonZeroExitCode")
  return 1
}

# <pid> <start in ticks> <boot> <when> .
function read_claim(id, name,    f) {
  if (split(read_line(local_path(name, "claims/" id)), f, " ") != 5 || f[5] != ".") return 0
  process[id] = f[1] " " f[2] " " f[3]
  from[id] = f[4]
  is_changed[name] = 1
  return 1
}

# As it was when we woke. The same pid with another start is another process, and a zombie is gone (proc_pid_stat(5)).
function is_alive(id,    f, line, field) {
  if (!(id in was_asked)) return 1
  split(process[id], f, " ")
  line = stat[f[1]]
  sub(/^.*\) /, "", line)
  split(line, field, " ")
  return f[3] == boot && field[1] ~ /^[^ZXx]$/ && field[20] == f[2]
}

# Another agent was killed between writing that it starts a task and starting it: starting it twice does no harm, since it is claimed
# once. Where a start comes to nothing, its claim is made here, so that it cannot begin later.
function look_at_unclaimed(id, name) {
  if (launched_at[id] == 0) launch(id, name)
  else if (now - launched_at[id] >= 60) {
    if (system("set -C; true 2>/dev/null >" local_path(name, "claims/" id)) == 0 || now - launched_at[id] >= 120) end_task(id, "NODE_FAIL", "LaunchFailed")
  }
}

function vanish(id) {
  clear(id)
  raw[id] = 9; to[id] = now_iso; took[id] = 0
  end_task(id, "NODE_FAIL", "SupervisorLost")
}

# Before this boot of the machine the session's number was another one's: then only what carries the task's mark goes.
function clear(id,    name, f) {
  name = submission[array_of(id)]
  split(process[id], f, " ")
  system("read -r programs 2>/dev/null <submissions/" name "/programs || exit 0; \"$programs/repx-task\" --clear " (f[3] == boot ? f[1] + 0 : "none") " " name "/" id "/ >/dev/null 2>&1 3>&-")
}
