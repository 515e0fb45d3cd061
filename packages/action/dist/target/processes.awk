# awk -f processes.awk <session> <shell>: reads the stat of all processes, one a line, and before them /proc/<pid>/environ of those
# that are wanted anyhow. Prints the pids of both kinds without zombies, without the shell that asks, and without what runs only
# to answer it. A name may hold blanks, parentheses and line feeds (proc_pid_stat(5)): what begins as no stat does goes on.
BEGIN {
  session = ARGV[1]; shell = ARGV[2]; ARGC = 1
  getline text <"/proc/self/stat"
  self = text + 0
}

/^\/proc\// { split($0, part, "/"); is_wanted[part[3]] = 1; next }
/^[0-9]+ \(/ { pid = $1; pids[++count] = pid; stat[pid] = $0; next }
{ stat[pid] = stat[pid] " " $0 }

END {
  for (i = 1; i <= count; i++) {
    pid = pids[i]
    sub(/^.*\) /, "", stat[pid])
    split(stat[pid], f, " ")
    is_dead[pid] = f[1] ~ /^[ZXx]$/
    parent[pid] = f[2]
    if (f[4] == session) is_wanted[pid] = 1
  }
  asker = parent[self]
  for (i = 1; i <= count; i++) {
    pid = pids[i]
    if (is_wanted[pid] && !is_dead[pid] && pid != shell && !descends(pid)) print pid
  }
}

function descends(pid,    steps) {
  if (asker == shell) return pid == self
  for (steps = 0; pid in parent && steps < 5; steps++) { if (pid == asker) return 1; pid = parent[pid] }
  return 0
}
