# Prints which commands a bash script runs and which functions it defines, as far as its text tells, without running it:
# `command<tab>line<tab>name` and `function<tab>line<tab>name`. Wants readWord.awk and readCompound.awk.
# Rather misses a command than names a wrong one: prints no command when the text is not understood (`lost`), or when
# commands may come from elsewhere (`is_open`: a changed PATH, a sourced file that cannot be read, eval of a substitution).

# `state` is what comes next: a command, an argument of one, or nothing but operators.
# `watch` is the command whose arguments are read, `skipped` and `is_valued` say how many of them are no command.
# `cases` and `braces` count what is open in the list. readWord.awk says what else is global.
BEGIN {
  COMMAND = 1; ARGUMENT = 2; AFTER = 3
  split("if then elif else while until do {", names, " ")
  for (i in names) opens[names[i]]
  # Commands that run their operand: the letters of their options that take a value.
  runs["exec"] = "a"; runs["command"] = ""; runs["env"] = "uC"; runs["nohup"] = ""; runs["nice"] = "n"
  runs["xargs"] = "aEdILnPs"; runs["timeout"] = "ks"; runs["setsid"] = ""; runs["stdbuf"] = "ioe"
}

{ add_line($0, FNR) }

END {
  read_part(1, n)
  is_quiet = 1
  for (i = 1; i <= source_count; i++) read_source(sources[i])
  for (name in functions) print "function\t" functions[name] "\t" name
  if (lost || is_open) exit
  for (i = 1; i <= use_count; i++) {
    if (!(uses[i] in functions || uses[i] in declared)) print "command\t" lines[uses[i]] "\t" uses[i]
  }
}

function add_line(line, number,    characters, count, i) {
  count = split(line, characters, "")
  for (i = 1; i <= count; i++) add_character(characters[i], number)
  add_character("\n", number)
}

# The functions of a file that the script sources; its commands are not judged.
function read_source(path,    line, from, status) {
  from = n + 1
  while ((status = (getline line < path)) > 0) add_line(line, 0)
  close(path)
  if (status < 0) is_open = 1
  else if (n >= from) read_part(from, n)
}

function skip_blanks() {
  while (pos <= limit) {
    if (C[pos] == " " || C[pos] == "\t") pos++
    else if (C[pos] == "\\" && C[pos + 1] == "\n") pos += 2
    else return
  }
}

# Skips blanks, newlines and comments.
function skip_space() {
  for (skip_blanks(); pos <= limit; skip_blanks()) {
    if (C[pos] == "\n") read_newline()
    else if (C[pos] == "#") read_comment()
    else return
  }
}

# `# repx: uses host command srun, module` declares what the cluster has.
function read_comment(    text, names, count, i) {
  while (pos <= limit && C[pos] != "\n") text = text C[pos++]
  if (text !~ /^#+[ \t]*repx:[ \t]*uses host commands?:?[ \t]/) return
  sub(/^[^:]*:[ \t]*uses host commands?:?[ \t]+/, "", text)
  count = split(text, names, /[, \t]+/)
  for (i = 1; i <= count; i++) declared[names[i]]
}

# Goes behind a newline and the here-documents that wait for it, then reads the expansions in these.
function read_newline(    first, i, saved_pos, saved_limit) {
  pos++
  first = document_read + 1
  while (document_read < document_count && !lost) read_document(++document_read)
  saved_pos = pos
  saved_limit = limit
  for (i = first; i <= document_read && !lost; i++) {
    if (document_quoted[i]) continue
    limit = document_end[i]
    for (pos = document_start[i]; pos <= limit;) {
      if (C[pos] == "\\") pos += 2
      else if (C[pos] == "$") read_dollar(1)
      else if (C[pos] == "`") read_backticks(0)
      else pos++
    }
  }
  pos = saved_pos
  limit = saved_limit
}

function read_document(i,    line, from) {
  document_start[i] = pos
  while (pos <= limit) {
    from = pos
    line = ""
    if (document_stripped[i]) while (C[pos] == "\t") pos++
    while (pos <= limit && C[pos] != "\n") line = line C[pos++]
    pos++
    document_end[i] = from - 1
    if (line == document_word[i]) return
  }
  lost = 1
}

function read_redirection(    is_stripped) {
  if (C[pos] C[pos + 1] == "<<" && C[pos + 2] != "<") {
    pos += 2
    if (C[pos] == "-") { is_stripped = 1; pos++ }
    skip_blanks()
    read_word()
    if (is_dynamic) lost = 1
    document_word[++document_count] = word
    document_quoted[document_count] = is_quoted
    document_stripped[document_count] = is_stripped
    return
  }
  if (C[pos] C[pos + 1] C[pos + 2] == "<<<") pos += 3
  else if (C[pos] C[pos + 1] ~ /^(>>|>&|>\||<&|<>|&>)$/) pos += 2
  else pos++
  # &>> has a third sign.
  if (C[pos] == ">" && C[pos + 1] != "(") pos++
  skip_blanks()
  read_word()
}

# Reads commands up to the closer, ")" or "}", or up to the end of the text when it is "".
function read_list(closer,    saved) {
  saved = state SUBSEP watch SUBSEP skipped SUBSEP is_valued SUBSEP cases SUBSEP braces SUBSEP in_test
  state = COMMAND
  skipped = is_valued = cases = braces = in_test = 0
  while (!lost && read_token(closer)) continue
  split(saved, saved_parts, SUBSEP)
  state = saved_parts[1] + 0; watch = saved_parts[2]; skipped = saved_parts[3] + 0
  is_valued = saved_parts[4] + 0; cases = saved_parts[5] + 0; braces = saved_parts[6] + 0; in_test = saved_parts[7] + 0
}

# Reads one operator, redirection or word; 0 at the end of the list.
function read_token(closer,    c, d, from) {
  skip_blanks()
  c = C[pos]
  d = C[pos + 1]
  if (pos > limit) {
    if (closer != "" || cases) lost = 1
    return 0
  }
  if (c == "\n") { read_newline(); state = COMMAND }
  else if (c == "#") read_comment()
  else if (c == ";") read_semicolon()
  else if (c == "&" && d == ">") read_redirection()
  else if (c == "&" || c == "|") { pos++; state = COMMAND }
  else if (c == ")") {
    pos++
    if (closer != ")" || cases) lost = 1
    return 0
  } else if (c == "(") {
    if (state != COMMAND) lost = 1
    read_parentheses()
  } else if ((c == "<" || c == ">") && d != "(") read_redirection()
  else if (c == "!" && state == COMMAND && index(" \t\n(", d)) pos++
  else {
    from = pos
    read_word()
    if ((c == "{" || c ~ /[0-9]/) && word ~ /^([0-9]+|\{[A-Za-z_][A-Za-z0-9_]*\})$/ && index("<>", C[pos]) && C[pos] != "") return 1
    if (state == ARGUMENT) read_argument(L[from])
    else if (closer == "}" && word == "}" && !is_quoted && braces == 0) return 0
    else read_first_word(L[from])
  }
  return 1
}

function read_semicolon() {
  pos++
  state = COMMAND
  if (!cases || !index(";&", C[pos]) || C[pos] == "") return
  pos++
  if (C[pos] == "&") pos++
  read_pattern()
}

function read_parentheses(    from) {
  from = pos
  if (C[pos + 1] == "(") {
    pos += 2
    if (read_arithmetic()) { state = AFTER; return }
    pos = from
  }
  pos++
  read_list(")")
  state = AFTER
}

# A word where a command may begin.
function read_first_word(line,    is_plain, name) {
  is_plain = !is_quoted && !is_dynamic
  name = word
  if (is_plain && name in opens) { state = COMMAND; if (name == "{") braces++ }
  else if (is_plain && name ~ /^(fi|done|\})$/) { state = AFTER; if (name == "}") braces-- }
  else if (is_plain && name == "esac") { state = AFTER; if (--cases < 0) lost = 1 }
  else if (state == AFTER) lost = 1
  else if (is_plain && name ~ /^(for|select)$/) read_for()
  else if (is_plain && name == "case") read_case()
  else if (is_plain && name == "[[") read_test()
  else if (is_plain && name == "time") { skip_blanks(); if (C[pos] C[pos + 1] == "-p") pos += 2 }
  else if (is_plain && name == "coproc") read_coprocess()
  else if (is_plain && name == "function") {
    skip_blanks()
    read_word()
    functions[word] = line
    read_empty_parentheses()
  } else if (is_assignment(name)) { if (name ~ /^PATH\+?=/) is_open = 1 }
  else if (read_empty_parentheses()) functions[name] = line
  else use_command(name, line)
}

# Reads the parentheses that make a name a function; 0 when there are none.
function read_empty_parentheses(    from) {
  from = pos
  skip_blanks()
  if (C[pos] == "(") {
    pos++
    skip_blanks()
    if (C[pos] == ")") { pos++; return 1 }
  }
  pos = from
  return 0
}

function use_command(name, line) {
  state = ARGUMENT
  skipped = name == "timeout"
  is_valued = 0
  watch = is_dynamic ? "" : name
  if (is_quiet || is_dynamic || name !~ /^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/ || name !~ /[A-Za-z]/ || name in lines) return
  uses[++use_count] = name
  lines[name] = line
}

# A word behind a command: some commands run it, define it or ask for it.
function read_argument(line,    is_option) {
  is_option = word ~ /^-/
  if (watch in runs) read_operand(line)
  else if (watch == "find") { if (word ~ /^-(exec|ok)(dir)?$/) watch = "-exec" }
  else if (watch == "-exec") { use_command(word, line); watch = "find" }
  else if (watch ~ /^(export|declare|typeset|local|readonly)$/) { if (word ~ /^PATH\+?=/) is_open = 1 }
  else if (watch == "eval") { if (is_substituted) is_open = 1 }
  else if (watch == "alias") { if (sub(/=.*/, "", word)) declared[word] }
  else if (watch ~ /^(type|hash|which)$/) { if (!is_option) declared[word] }
  else if (watch == "." || watch == "source") {
    if (is_dynamic || word !~ /^\//) is_open = 1
    else if (!(word in is_sourced)) { is_sourced[word]; sources[++source_count] = word }
    watch = ""
  }
}

# A word behind a command that runs its operand, such as `env -i A=1 nohup program`.
function read_operand(line) {
  if (is_valued) is_valued = 0
  else if (watch == "env" && is_assignment(word)) return
  else if (is_dynamic) watch = ""
  else if (watch == "command" && word ~ /^-p?[vV]/) watch = "type"
  else if (word ~ /^--./) { if (word !~ /=/) watch = "" }
  else if (word ~ /^-/) is_valued = length(word) == 2 && index(runs[watch], substr(word, 2)) > 0
  else if (skipped) skipped--
  else use_command(word, line)
}
