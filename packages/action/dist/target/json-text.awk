# With json.awk: the input, or its last `lines` lines, as one JSON string without the last line's end. NUL must be taken
# out before (tr): not every awk reads past it.
{ text_line[NR] = $0 }
lines > 0 { delete text_line[NR - lines] }
END {
  first = lines > 0 && NR > lines ? NR - lines + 1 : 1
  for (i = first; i <= NR; i++) text = text (i > first ? "\n" : "") text_line[i]
  printf "%s", json_string(text)
}
