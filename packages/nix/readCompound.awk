# Compound commands of bash whose words are no commands: for, select, case, [[ ]], coproc. Part of findCommands.awk.

function read_for() {
  skip_blanks()
  if (C[pos] C[pos + 1] == "((") {
    pos += 2
    if (!read_arithmetic()) lost = 1
    return
  }
  read_word()
  skip_space()
  if (C[pos] C[pos + 1] != "in" || !index(" \t\n;\\", C[pos + 2])) return
  pos += 2
  for (skip_blanks(); pos <= limit && !lost && !index("\n;&#", C[pos]); skip_blanks()) read_word()
}

function read_case() {
  skip_blanks()
  read_word()
  skip_space()
  read_word()
  if (word != "in") lost = 1
  cases++
  read_pattern()
}

# Reads a pattern of a case up to its parenthesis, or the end of the case.
function read_pattern() {
  state = COMMAND
  skip_space()
  if (C[pos] == "(") pos++
  else {
    read_word()
    if (word == "esac" && !is_quoted) { state = AFTER; cases--; return }
  }
  for (skip_blanks(); pos <= limit && !lost; skip_blanks()) {
    if (C[pos] == ")") { pos++; return }
    if (C[pos] == "|") pos++
    else read_word()
  }
  lost = 1
}

function read_test() {
  in_test = 1
  for (skip_blanks(); pos <= limit && !lost; skip_blanks()) {
    if (C[pos] == "\n") read_newline()
    else if (C[pos] == "#" && index(" \t\n", C[pos - 1])) read_comment()
    else if (index("()<>&|;", C[pos])) pos++
    else {
      read_word()
      if (word == "]]" && !is_quoted) { in_test = 0; state = AFTER; return }
    }
  }
  lost = 1
}

# `coproc NAME { ...; }` names the coprocess; without a compound command there is no name.
function read_coprocess(    from) {
  skip_blanks()
  from = pos
  read_word()
  skip_blanks()
  if (!is_quoted && word ~ /^[A-Za-z_][A-Za-z0-9_]*$/ && !(word in opens) && index("{(", C[pos])) return
  pos = from
}
