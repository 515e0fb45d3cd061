# What an attempt was given and held, in the words of JobEvent. What is not known is left out; SLURM's 0 means that, too.

# mebibytes(text, unit): a size as SLURM writes it (1.50G, 99136K; `unit` where it has none) in MiB; "" where it is none.
function mebibytes(text, unit,    last, number) {
  if (text !~ /^[0-9]+([.][0-9]+)?[KMGTP]?$/ || length(text) > 15) return ""
  last = substr(text, length(text))
  number = last ~ /[0-9]/ ? text : substr(text, 1, length(text) - 1)
  if (last ~ /[0-9]/) last = unit
  if (last == "B") number /= 1048576
  else if (last == "K") number /= 1024
  else if (last == "G") number *= 1024
  else if (last == "T") number *= 1048576
  else if (last == "P") number *= 1073741824
  return number > 0 ? tenths(number) : ""
}

# With one digit after the point, or none; never as 0, nor in powers of ten.
function tenths(number,    text) {
  text = sprintf("%.1f", number < 0.1 ? 0.1 : number)
  sub(/[.]0$/, "", text)
  return text
}

# Of a list of trackable resources, cpu=4,mem=2G,node=2,billing=4: memory is of all nodes there.
function render_given(list,    part, pair, given, n, i, memory) {
  n = split(list, part, ",")
  for (i = 1; i <= n; i++) if (split(part[i], pair, "=") == 2) given[pair[1]] = pair[2]
  memory = mebibytes(given["mem"], "M")
  return render_use(given["cpu"], given["node"], memory == "" || given["node"] + 0 < 1 ? "" : tenths(memory / given["node"]))
}

# Of the first line of a result.json.
function render_own_given(line) {
  return render_use(find_number(line, "cpus"), find_number(line, "nodes"), find_number(line, "memoryMebibytes"))
}

function render_use(cpus, nodes, memory) {
  return (cpus ~ /^[1-9][0-9]*$/ && length(cpus) < 8 ? ",\"cpus\":" cpus : "") \
    (nodes ~ /^[1-9][0-9]*$/ && length(nodes) < 7 ? ",\"nodes\":" nodes : "") \
    (memory + 0 > 0 ? ",\"memoryMebibytes\":" memory : "")
}

function find_number(line, name) {
  if (!match(line, "\"" name "\":[0-9.]+")) return ""
  return substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
}
