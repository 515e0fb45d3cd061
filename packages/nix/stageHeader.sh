# What every stage does first: reads its inputs and parameters, waits for the inputs to be visible, empties its output folder.
set -euo pipefail
out=$1 inputs_json=$2 parameters_json=$3
[[ $out == /* ]] || out=$PWD/$out
[[ $inputs_json == /* ]] || inputs_json=$PWD/$inputs_json
[[ $parameters_json == /* ]] || parameters_json=$PWD/$parameters_json
export out inputs_json parameters_json
declare -A inputs=() parameters=()

repx_fail() {
  printf 'repx: %s\n' "$1" >&2
  exit 1
}

repx_json_fail() { repx_fail "$repx_json_file is not a flat JSON object: $1 at: ${repx_json_rest:0:60}"; }

repx_json_skip() { repx_json_rest=${repx_json_rest#"${repx_json_rest%%[!$' \t\r\n']*}"}; }

repx_json_take() {
  repx_json_skip
  [[ ${repx_json_rest:0:1} == "$1" ]] || repx_json_fail "expected $1"
  repx_json_rest=${repx_json_rest:1}
  repx_json_skip
}

# Takes \uXXXX, a surrogate pair as one character, and appends its UTF-8 bytes whatever the locale is.
repx_json_take_unicode() {
  local -i code low
  local bytes
  [[ ${repx_json_rest:0:6} =~ ^\\u([0-9a-fA-F]{4})$ ]] || repx_json_fail "bad \\u escape"
  code=16#${BASH_REMATCH[1]}
  repx_json_rest=${repx_json_rest:6}
  if ((code >= 0xD800 && code <= 0xDBFF)) && [[ ${repx_json_rest:0:6} =~ ^\\u([dD][c-fC-F][0-9a-fA-F]{2})$ ]]; then
    low=16#${BASH_REMATCH[1]}
    code=$((0x10000 + (code - 0xD800) * 0x400 + low - 0xDC00))
    repx_json_rest=${repx_json_rest:6}
  fi
  ((code != 0)) || repx_json_fail "a shell variable cannot hold \\u0000, found"
  ((code < 0xD800 || code > 0xDFFF)) || repx_json_fail "half of a surrogate pair"
  if ((code < 0x80)); then
    printf -v bytes '\\x%02x' $((code))
  elif ((code < 0x800)); then
    printf -v bytes '\\x%02x' $((0xC0 | code >> 6)) $((0x80 | code & 63))
  elif ((code < 0x10000)); then
    printf -v bytes '\\x%02x' $((0xE0 | code >> 12)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63))
  else
    printf -v bytes '\\x%02x' $((0xF0 | code >> 18)) $((0x80 | code >> 12 & 63)) $((0x80 | code >> 6 & 63)) $((0x80 | code & 63))
  fi
  printf -v bytes '%b' "$bytes"
  repx_json_value+=$bytes
}

repx_json_take_string() {
  local chunk
  [[ ${repx_json_rest:0:1} == '"' ]] || repx_json_fail 'expected "'
  repx_json_rest=${repx_json_rest:1} repx_json_value=
  while :; do
    chunk=${repx_json_rest%%[\"\\]*}
    [[ $chunk != *[$'\001'-$'\037']* ]] || repx_json_fail "control character in a string"
    repx_json_value+=$chunk
    repx_json_rest=${repx_json_rest:${#chunk}}
    case ${repx_json_rest:0:2} in
      \"*) repx_json_rest=${repx_json_rest:1} && return ;;
      '\u') repx_json_take_unicode && continue ;;
      '\"' | '\\' | '\/') repx_json_value+=${repx_json_rest:1:1} ;;
      '\b') repx_json_value+=$'\b' ;;
      '\f') repx_json_value+=$'\f' ;;
      '\n') repx_json_value+=$'\n' ;;
      '\r') repx_json_value+=$'\r' ;;
      '\t') repx_json_value+=$'\t' ;;
      *) repx_json_fail "unfinished string" ;;
    esac
    repx_json_rest=${repx_json_rest:2}
  done
}

# A number keeps its text; true, false and null are these words.
repx_json_take_scalar() {
  case ${repx_json_rest:0:1} in
    \") repx_json_take_string && return ;;
    '{' | '[') repx_json_fail "nested value" ;;
  esac
  repx_json_value=${repx_json_rest%%[$', \t\r\n}']*}
  [[ $repx_json_value =~ ^(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false|null)$ ]] || repx_json_fail "bad value"
  repx_json_rest=${repx_json_rest:${#repx_json_value}}
}

# repx_read_json <associative array> <file>
repx_read_json() {
  local -n repx_json_into=$1
  local LC_ALL=C repx_json_file=$2 repx_json_rest= repx_json_key repx_json_value
  [[ -r $repx_json_file ]] || repx_fail "cannot read $repx_json_file"
  IFS= read -r -d '' repx_json_rest <"$repx_json_file" || :
  repx_json_take '{'
  if [[ ${repx_json_rest:0:1} != '}' ]]; then
    while :; do
      repx_json_take_string
      repx_json_key=$repx_json_value
      [[ -n $repx_json_key ]] || repx_json_fail "empty key before"
      [[ -z ${repx_json_into["$repx_json_key"]+taken} ]] || repx_json_fail "second $repx_json_key before"
      repx_json_take :
      repx_json_take_scalar
      repx_json_into["$repx_json_key"]=$repx_json_value
      repx_json_skip
      [[ ${repx_json_rest:0:1} == , ]] || break
      repx_json_take ,
    done
  fi
  repx_json_take '}'
  [[ -z $repx_json_rest ]] || repx_json_fail "text after the object"
}

# A shared file system may show another node's files late (attribute caches): up to 30 s.
repx_wait_for_inputs() {
  local name deadline=$((SECONDS + 30))
  for name in "${!inputs[@]}"; do
    until [[ -r ${inputs[$name]} && (-f ${inputs[$name]} || -d ${inputs[$name]}) ]]; do
      ((SECONDS < deadline)) || repx_fail "input $name does not exist after 30 s: ${inputs[$name]}"
      sleep 1
    done
  done
}

repx_read_json inputs "$inputs_json"
repx_read_json parameters "$parameters_json"
repx_wait_for_inputs
mkdir -p "$out"
chmod -R u+w "$out"
find "$out" -mindepth 1 -maxdepth 1 ! -name 'slurm-*.out' -exec rm -rf {} +
cd "$out"
# What follows is the stage's own script.
