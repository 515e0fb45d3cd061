# json_string(text): any bytes as a JSON string (RFC 8259); what is not UTF-8 becomes U+FFFD.
# Needs LC_ALL=C: then every awk (mawk, gawk, busybox) sees bytes. No interval expressions: mawk 1.3.4 has none.

BEGIN {
  for (json_i = 1; json_i < 256; json_i++) json_byte[sprintf("%c", json_i)] = json_i
  json_short["\""] = "\\\""; json_short["\\"] = "\\\\"; json_short["\b"] = "\\b"; json_short["\f"] = "\\f"
  json_short["\n"] = "\\n"; json_short["\r"] = "\\r"; json_short["\t"] = "\\t"
}

function json_string(text,    out, i, c, n) {
  if (text !~ /[^] !#-[^-~]/) return "\"" text "\""
  out = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (json_byte[c] >= 128) {
      n = json_sequence(text, i)
      out = out (n ? substr(text, i, n) : "\357\277\275")
      if (n) i += n - 1
    } else if (c in json_short) out = out json_short[c]
    else if (json_byte[c] < 32) out = out sprintf("\\u%04x", json_byte[c])
    else out = out c
  }
  return "\"" out "\""
}

# Length of the well-formed UTF-8 sequence (Unicode 15, table 3-7) that begins at `at`; 0 when there is none.
function json_sequence(text, at,    lead, n, low, high, i, b) {
  lead = json_byte[substr(text, at, 1)]
  low = 128; high = 191
  if (lead >= 194 && lead <= 223) n = 2
  else if (lead >= 224 && lead <= 239) { n = 3; if (lead == 224) low = 160; if (lead == 237) high = 159 }
  else if (lead >= 240 && lead <= 244) { n = 4; if (lead == 240) low = 144; if (lead == 244) high = 143 }
  else return 0
  for (i = 1; i < n; i++) {
    b = json_byte[substr(text, at + i, 1)] + 0
    if (b < low || b > high) return 0
    low = 128; high = 191
  }
  return n
}
