# Prints the elements of a JSON array, one a line, without the white space outside of strings, and `]` when that was all. Exit
# status 65 when the text is no array. Elements are cut, not judged: a step that reads a broken one says so. Needs LC_ALL=C.
{ text = text $0 "\n" }

function refuse(why) {
  print "work items: " why > "/dev/stderr"
  exit 65
}

# A window moves over the text: cutting the whole text at every word would take time by its square.
function widen() {
  if (from > length(text)) return 0
  rest = rest substr(text, from + 1, 2048)
  from += 2048
  return 1
}

# The next word: a string, a bracket or other mark, or a run of other characters; nothing for white space.
function take(    word, c) {
  while (length(rest) < 1024 && widen()) continue
  c = substr(rest, 1, 1)
  if (match(rest, /^[ \t\r\n]+/)) word = ""
  else if (c == "\"") {
    while (!match(rest, /^"([^"\\]|\\.)*"/)) if (!widen()) refuse("a string does not end")
    word = substr(rest, 1, RLENGTH)
    if (index(word, "\n")) refuse("a line ends inside a string")
  } else if (c ~ /[][{}:,]/) { RLENGTH = 1; word = c }
  else {
    while (match(rest, /^[^][{}:," \t\r\n]+/) && RLENGTH == length(rest) && widen()) continue
    word = substr(rest, 1, RLENGTH)
  }
  rest = substr(rest, RLENGTH + 1)
  return word
}

function finish() {
  if (item == "") refuse("an element is missing")
  print item
  item = ""
  count++
}

function open_bracket(bracket) {
  if (depth == 0 && bracket != "[") refuse("not a JSON array")
  open = open (bracket == "[" ? "]" : "}")
  if (++depth > 1) item = item bracket
}

function close_bracket(bracket) {
  if (substr(open, depth, 1) != bracket) refuse("unexpected " bracket)
  open = substr(open, 1, --depth)
  if (depth > 0) item = item bracket
  else {
    if (count > 0 || item != "") finish()
    ended = 1
  }
}

# Two values side by side would become one: `1 2`, as a shell prints a list, is not 12.
function check_comma(word) {
  if (is_value && word !~ /^[]},:]$/) refuse("a comma is missing before " substr(word, 1, 40))
  is_value = word !~ /^[[{,:]$/
}

END {
  from = 0
  while (rest != "" || widen()) {
    word = take()
    if (word == "") continue
    if (ended) refuse("text after the array")
    check_comma(word)
    if (word == "[" || word == "{") open_bracket(word)
    else if (depth == 0) refuse("not a JSON array")
    else if (word == "]" || word == "}") close_bracket(word)
    else if (word == "," && depth == 1) finish()
    else item = item word
  }
  if (!ended) refuse("the array does not end")
  print "]"
}
