# An attempt's result.json: what is known of it on the first line, then the outputs, which are read as lines.
BEGIN {
  printf "{%s", head
  if (from ~ /^[0-9.]+$/ && to ~ /^[0-9.]+$/ && to >= from) printf ",\"elapsedSeconds\":%.3f", to - from
  split(user, u, " "); split(system_, s, " ")
  if (is_time(u[1]) && is_time(u[2]) && is_time(s[1]) && is_time(s[2])) {
    printf ",\"cpuUserSeconds\":%.2f,\"cpuSystemSeconds\":%.2f", seconds(u[2]) - seconds(u[1]), seconds(s[2]) - seconds(s[1])
  }
  if (peak != "") printf ",\"peakMemoryBytes\":%s,\"peakMemorySource\":\"%s\"", peak, source
  printf ",\"node\":%s,\"outputs\":[\n", ENVIRON["node_json"]
}

{ print }

END { print "]}" }

# As the shell's `times` writes it: 1m2.340000s, with a comma in some languages.
function is_time(text) {
  return text ~ /^[0-9]+m[0-9]+[.,][0-9]+s$/
}

function seconds(text,    part) {
  split(text, part, "m")
  sub(",", ".", part[2])
  return part[1] * 60 + part[2]
}
