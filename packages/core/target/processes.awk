# awk -f processes.awk <session> <shell> /proc/<pid>/stat...: pids of a session, and of the processes whose /proc/<pid>/... come
# in on standard input; without the shell that asks and without ourselves.
BEGIN {
  session = ARGV[1]; shell = ARGV[2]
  read_stat("/proc/self/stat")
  skip[shell] = skip[pid] = skip[parent] = 1
  while ((getline path <"-") > 0) { split(path, part, "/"); print_once(part[3]) }
  for (i = 3; i < ARGC; i++) if (read_stat(ARGV[i]) && sid == session) print_once(pid)
}

# The name, in parentheses, may hold blanks, parentheses and line feeds (proc_pid_stat(5)). A zombie is gone.
function read_stat(path,    text, line, f) {
  text = ""
  while ((getline line <path) > 0) text = text line " "
  close(path)
  if (!match(text, /^[0-9]+/)) return 0
  pid = substr(text, 1, RLENGTH)
  sub(/^.*\) /, "", text)
  split(text, f, " ")
  parent = f[2]; sid = f[4]
  return f[1] !~ /^[ZXx]$/
}

function print_once(found) {
  if (found in skip) return
  skip[found] = 1
  print found
}
