# With json.awk, over a file of sizes and one of sha256sum's lines, in the same order: JSON objects, one a line.
# sha256sum begins a line with a backslash when it had to escape the name (newline, carriage return, backslash).
NR == FNR { size[FNR] = $0; next }

{
  is_escaped = substr($0, 1, 1) == "\\"
  line = is_escaped ? substr($0, 2) : $0
  path = substr(line, 69)
  if (!(FNR in size) || substr(line, 65, 4) !~ /^ [ *]\.\/$/) { exit_code = 1; exit 1 }
  printf "{\"path\":%s,\"sizeBytes\":%s,\"sha256\":\"%s\"}\n", json_string(is_escaped ? unescape(path) : path), size[FNR], substr(line, 1, 64)
}

END { exit exit_code }

function unescape(text,    out, at, c) {
  out = ""
  while ((at = index(text, "\\")) > 0) {
    c = substr(text, at + 1, 1)
    out = out substr(text, 1, at - 1) (c == "n" ? "\n" : c == "r" ? "\r" : c)
    text = substr(text, at + 2)
  }
  return out text
}
