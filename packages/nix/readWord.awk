# Words of bash: quotes, expansions and what is nested in them. Part of findCommands.awk.
# C holds the characters, L their lines; the text that is read now is C[pos] .. C[limit], and n counts all of C.

function add_character(character, line) {
  C[++n] = character
  L[n] = line
}

# Reads one word. Leaves its text without quotes in `word`, and in is_quoted, is_dynamic and is_substituted (by the
# output of commands) what it was made of.
function read_word(    text, quoted, before, commands, from, c, d) {
  before = expansions
  commands = substitutions
  from = pos
  while (pos <= limit) {
    c = C[pos]
    d = C[pos + 1]
    if (c == "\\") {
      if (d != "\n") { text = text d; quoted = 1 }
      pos += 2
    } else if (c == "'") { text = text read_single_quotes(); quoted = 1 }
    else if (c == "\"") { text = text read_double_quotes(); quoted = 1 }
    else if (c == "$") { if (!read_dollar(0)) text = text "$" }
    else if (c == "`") read_backticks(0)
    else if ((c == "<" || c == ">") && d == "(" && !in_test) { expansions++; pos += 2; read_list(")") }
    else if (c == "[" && text ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && read_assigned_subscript()) text = text "[]"
    else if (c == "(" && is_assignment(text) && text ~ /=$/) { expansions++; read_array() }
    else if (c == "(" && pos > from && index("?*+@!", C[pos - 1])) { expansions++; pos++; read_until("(", ")", 0, 0) }
    else if (index(" \t\n;&|()<>", c)) break
    else { text = text c; pos++ }
  }
  # Every caller goes on after the word: a text that has none here is not understood.
  if (pos == from) { lost = 1; pos++ }
  word = text
  is_quoted = quoted
  is_dynamic = expansions > before
  is_substituted = substitutions > commands
}

function is_assignment(text) { return text ~ /^[A-Za-z_][A-Za-z0-9_]*(\[\])?\+?=/ }

function read_single_quotes(    text) {
  pos++
  while (pos <= limit && C[pos] != "'") text = text C[pos++]
  if (pos > limit) lost = 1
  pos++
  return text
}

function read_double_quotes(    text, c) {
  pos++
  while (pos <= limit) {
    c = C[pos]
    if (c == "\"") { pos++; return text }
    if (c == "\\") { text = text C[pos + 1]; pos += 2 }
    else if (c == "$") { if (!read_dollar(1)) text = text "$" }
    else if (c == "`") read_backticks(1)
    else { text = text c; pos++ }
  }
  lost = 1
  return text
}

# Reads what begins with a dollar sign; 0 when it is a dollar sign only.
function read_dollar(in_double,    d, from) {
  d = C[pos + 1]
  if (d == "\"" && !in_double) { pos++; return 1 }
  if (d !~ /[A-Za-z0-9_@*#?$!({'[-]/ || (d == "'" && in_double)) { pos++; return 0 }
  expansions++
  from = pos
  pos += 2
  if (d == "(") {
    if (C[pos] == "(") {
      pos++
      if (read_arithmetic()) return 1
      pos = from + 2
    }
    substitutions++
    read_list(")")
  } else if (d == "{") read_parameter(in_double)
  else if (d == "[") read_until("[", "]", in_double, in_double)
  else if (d == "'") {
    while (pos <= limit && C[pos] != "'") pos += C[pos] == "\\" ? 2 : 1
    pos++
  }
  return 1
}

# Reads ${...} from behind the brace. Inside double quotes a single quote quotes only in patterns.
function read_parameter(in_double,    c) {
  if (index(" \t\n|", C[pos])) { substitutions++; pos++; read_list("}"); return }
  if (index("!#", C[pos]) && C[pos + 1] != "}") pos++
  if (C[pos] ~ /[A-Za-z0-9_]/) while (pos <= limit && C[pos] ~ /[A-Za-z0-9_]/) pos++
  else if (C[pos] != "}") pos++
  if (C[pos] == "[") { pos++; read_until("[", "]", in_double, 0) }
  c = C[pos]
  read_until("", "}", in_double, in_double && (c == "" || !index("#%/^,", c)))
}

# Reads text with quotes and expansions up to its closing character; 0 when there is none.
function read_until(open, close_, in_double, is_single_literal,    c, depth) {
  while (pos <= limit) {
    c = C[pos]
    if (c == close_ && depth == 0) { pos++; return 1 }
    if (c == close_) { depth--; pos++ }
    else if (c == open) { depth++; pos++ }
    else if (c == "\\") pos += 2
    else if (c == "'" && !is_single_literal) read_single_quotes()
    else if (c == "\"") read_double_quotes()
    else if (c == "$") read_dollar(in_double)
    else if (c == "`") read_backticks(in_double)
    else pos++
  }
  lost = 1
  return 0
}

# Reads an arithmetic expression from behind its two parentheses; 0 when they were those of subshells.
function read_arithmetic(    was_lost) {
  was_lost = lost
  if (read_until("(", ")", 1, 0) && C[pos] == ")") { pos++; return 1 }
  lost = was_lost
  return 0
}

# Reads the subscript of an assignment such as a[i + 1]=x, which may have blanks; 0 when it is none.
function read_assigned_subscript(    from, depth, at) {
  from = pos
  for (at = pos; at <= limit && C[at] != "\n"; at++) {
    if (C[at] == "[") depth++
    else if (C[at] == "]" && --depth == 0) break
  }
  if (C[at] != "]" || (C[at + 1] != "=" && C[at + 1] C[at + 2] != "+=")) return 0
  pos++
  read_until("[", "]", 0, 0)
  return pos > from
}

# Reads the elements of name=( ... ).
function read_array() {
  pos++
  while (!lost) {
    skip_space()
    if (pos > limit) lost = 1
    else if (C[pos] == ")") { pos++; return }
    else read_word()
  }
}

# Reads a command in backticks: its text, freed of the backslashes that the backticks need, is put behind all other text.
function read_backticks(in_double,    from, escaped) {
  expansions++
  substitutions++
  escaped = in_double ? "`\\$\"" : "`\\$"
  add_character("", 0)
  from = n + 1
  for (pos++; pos <= limit && C[pos] != "`"; pos++) {
    if (C[pos] == "\\" && pos < limit && index(escaped, C[pos + 1])) pos++
    add_character(C[pos], L[pos])
  }
  if (pos > limit) lost = 1
  pos++
  read_part(from, n)
}

# Reads commands in a part of the text, then goes on where it was.
function read_part(from, to,    saved_pos, saved_limit) {
  saved_pos = pos
  saved_limit = limit
  pos = from
  limit = to
  read_list("")
  pos = saved_pos
  limit = saved_limit
}
