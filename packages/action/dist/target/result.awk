# An attempt's result.json: what is known of it on the first line, then the outputs, which are read as lines.
BEGIN {
  printf "{%s", head
  if (from ~ /^[0-9.]+$/ && to ~ /^[0-9.]+$/ && to >= from) printf ",\"elapsedSeconds\":%.3f", to - from
  split(user, u, " "); split(system_, s, " ")
  if (is_time(u[1]) && is_time(u[2]) && is_time(s[1]) && is_time(s[2])) {
    printf ",\"cpuUserSeconds\":%.2f,\"cpuSystemSeconds\":%.2f", seconds(u[2]) - seconds(u[1]), seconds(s[2]) - seconds(s[1])
  }
  if (peak != "") printf ",\"peakMemoryBytes\":%s,\"peakMemorySource\":\"%s\"", peak, source
  # The scheduler `local` gives no such word of its own; one that it has in its environment is another job's.
  if (is_local == "") print_given(ENVIRON["SLURM_JOB_CPUS_PER_NODE"], ENVIRON["SLURM_JOB_NUM_NODES"], ENVIRON["SLURM_MEM_PER_NODE"], ENVIRON["SLURM_MEM_PER_CPU"])
  printf ",\"node\":%s,\"outputs\":[\n", ENVIRON["node_json"]
}

{ print }

END { print "]}" }

# What SLURM gave it: cores of all nodes, told as 4(x2),2; memory a node, in MiB, or a core. 0 is all the memory, however much that is.
function print_given(list, nodes, memory, memory_cpu,    n, part, i, f, cpus) {
  n = split(list, part, ",")
  for (i = 1; i <= n; i++) {
    if (part[i] !~ /^[0-9]+([(]x[0-9]+[)])?$/) return
    split(part[i], f, "[(x)]+")
    cpus += f[1] * (f[2] == "" ? 1 : f[2])
  }
  if (nodes !~ /^[1-9][0-9]*$/ || cpus < 1) return
  if (memory == "" && memory_cpu ~ /^[0-9]+$/) memory = memory_cpu * cpus / nodes
  printf ",\"cpus\":%d,\"nodes\":%d", cpus, nodes
  if (memory + 0 > 0) printf ",\"memoryMebibytes\":%d", memory
}

# As the shell's `times` writes it: 1m2.340000s, with a comma in some languages.
function is_time(text) {
  return text ~ /^[0-9]+m[0-9]+[.,][0-9]+s$/
}

function seconds(text,    part) {
  split(text, part, "m")
  sub(",", ".", part[2])
  return part[1] * 60 + part[2]
}
