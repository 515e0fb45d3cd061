# With json.awk and redact.awk: the last `lines` lines of a log, `most` bytes of them at most, as one JSON string without the
# last line's end and without secrets. The input is the log's last `window` + 2 bytes, or all of it; NUL must be taken out before (tr).
# What is cut is cut after the secrets are found: half of one is known no more.
{ log_line[NR] = $0; log_bytes += length($0) + 1 }
END {
  count = NR
  if (log_bytes > window + 1) log_line[1] = drop_cut_words(log_line[1], NR)
  first = log_line[1] == "" && log_bytes > window + 1 ? 2 : 1
  n = redact_lines(log_line, first, count, shown)
  for (i = n > lines ? n - lines + 1 : 1; i <= n; i++) text = text (started++ ? "\n" : "") shown[i]
  printf "%s", json_string(length(text) > most ? substr(text, length(text) - most + 1) : text)
}

# Of a line whose beginning is not there, what is in front of its fourth blank may be the end of a secret whose name is cut off.
function drop_cut_words(text, count,    i) {
  for (i = 1; i <= 4; i++) {
    if (!match(text, /[ \t\r]+/)) return count > 1 ? "" : "[a line of more than " window " bytes]"
    text = substr(text, RSTART + RLENGTH)
  }
  return text
}
