# redact_lines(from, first, last, to): the lines without what looks like a secret, [redacted] in its place; says how many they are.
# It prefers to hide too much. Of a private key nothing stays, also when its beginning or its end is not there. Needs LC_ALL=C. One
# pass, and no pattern that begins with a run of anything: a line takes time by its length, in every awk.
BEGIN {
  redact_secret = ""
  if (ENVIRON["REPX_TOKEN_FILE"] != "" && (getline redact_secret <ENVIRON["REPX_TOKEN_FILE"]) < 0) redact_secret = ""
  if (length(redact_secret) < 16) redact_secret = ""
  redact_key_begin = "----[-]? ?BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*----[-]?"
  redact_key_end = "----[-]? ?END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*----[-]?"
  redact_start = "gh[pousr]_|github_pat_|akia|asia|authorization|bearer[ \t]|://|(token|secret|password|passwd|passphrase|key)[\\\\]?[\"']?[ \t]*[=:]"
}

function redact_lines(from, first, last, to,    i, n, line, after, is_inside) {
  for (i = first; i <= last; i++) {
    line = from[i]
    if (is_inside) {
      if (!match(line, redact_key_end)) continue
      is_inside = 0
      line = substr(line, RSTART + RLENGTH)
      if (line ~ /^[ \t\r]*$/) continue
    }
    while (match(line, redact_key_begin)) {
      after = substr(line, RSTART + RLENGTH)
      line = substr(line, 1, RSTART - 1) "[redacted]"
      if (match(after, redact_key_end)) line = line substr(after, RSTART + RLENGTH)
      else { is_inside = 1; break }
    }
    # Its beginning is further up than what we have.
    if (match(line, redact_key_end)) { line = "[redacted]" substr(line, RSTART + RLENGTH); n = 0 }
    to[++n] = redact(line)
  }
  return n + 0
}

function redact(text,    low, out, at, size, gone) {
  if (redact_secret != "") text = hide_secret(text)
  low = tolower(text)
  while (match(low, redact_start)) {
    at = RSTART; size = RLENGTH
    redact_kept = size
    gone = find_secret(substr(text, at, size), substr(text, at + size), at > 1 ? substr(text, at - 1, 1) : substr(out, length(out)))
    out = out substr(text, 1, at - 1 + redact_kept) (gone > 0 ? "[redacted]" : "")
    # What is kept of the match has been read, what lies beyond it has not.
    if (redact_kept < size && gone == 0) redact_kept = size
    at += redact_kept + gone
    text = substr(text, at); low = substr(low, at)
  }
  return out text
}

function hide_secret(text,    out, at) {
  while ((at = index(text, redact_secret)) > 0) {
    out = out substr(text, 1, at - 1) "[redacted]"
    text = substr(text, at + length(redact_secret))
  }
  return out text
}

# How much is a secret behind the first `redact_kept` characters, which begin at `word`; `rest` follows the word, `before` precedes it.
function find_secret(word, rest, before,    low) {
  low = tolower(word)
  if (low ~ /^(gh[pousr]|github_pat)_$/) return word == low ? take_word(word, span(rest, "^[A-Za-z0-9_.-]+"), 16) : 0
  if (low ~ /^a[ks]ia$/) return word == toupper(word) ? take_word(word, span(rest, "^[A-Z0-9]+"), 16) : 0
  if (low == "authorization") return find_header(rest, before)
  if (low ~ /^bearer/) return skip(rest, "^[ \t]*", "^[A-Za-z0-9._~+/=-]+")
  if (low == "://") return span(rest, "^[^/ \t\"'<>@:]*:[^/ \t\"'<>]*@") - (redact_size > 0)
  return is_secret_name(word, low, before) ? find_value(word, rest) : 0
}

# What the pattern matches at the beginning of a text.
function span(text, pattern) {
  redact_size = match(text, pattern) ? RLENGTH : 0
  return redact_size
}

# A secret that is one with the word that it begins with.
function take_word(word, size, least) {
  if (size < least) return 0
  redact_kept = 0
  return length(word) + size
}

# What lies before the secret is kept, too.
function skip(text, kept, secret,    size) {
  size = span(text, kept)
  redact_kept += size
  return span(substr(text, size + 1), secret)
}

# To the end of the line, or of what is quoted.
function find_header(rest, before,    quote, size) {
  size = span(rest, "^[\\\\]?[\"']?[ \t]*[:=][ \t]*")
  if (size == 0) return 0
  quote = substr(rest, size + 1, 1)
  if (quote ~ /["']/) size++
  else quote = before
  redact_kept += size
  return span(substr(rest, size + 1), quote == "\"" ? "^[^\"\r]+" : quote == "'" ? "^[^'\r]+" : "^[^\r]+")
}

# DB_PASSWORD, api_key, apikey, accessToken, "token"; not `key`, and not the token of "unexpected token: x".
function is_secret_name(word, low, before,    name) {
  match(low, /^[a-z]+/)
  name = substr(low, 1, RLENGTH)
  word = substr(word, 1, RLENGTH)
  if (word == toupper(word) || before ~ /[_-]/ || (before ~ /[a-z]/ && word ~ /^[A-Z]/)) return 1
  if (name == "key") return before == "i"
  return name != "token" || low ~ /["'=]/
}

function find_value(word, rest,    sign, first, size) {
  sign = substr(word, length(word))
  # A comparison, a scope of C++, or in a shell a variable that is empty.
  if (substr(rest, 1, 1) == sign) return 0
  if (sign == "=" && word !~ /[ \t]=$/ && rest ~ /^[ \t]/) return 0
  size = span(rest, "^[=>]?[ \t]*")
  redact_kept += size
  rest = substr(rest, size + 1)
  first = substr(rest, 1, 1)
  if (first == "\\" && substr(rest, 2, 1) ~ /["']/) return skip(rest, "^..", "^[^\"'\\\\]+")
  if (first == "\"") return skip(rest, "^.", "^([^\"\\\\]|\\\\.)+")
  if (first == "'") return skip(rest, "^.", "^[^']+")
  return span(rest, "^[^ \t\r]+")
}
