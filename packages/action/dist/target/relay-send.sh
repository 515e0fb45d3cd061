# Part of repx-relay: the spool's events to the coordinator, many in one request, each deleted only after a 2xx.
send_after=0 backoff=1 batch_limit=200 answer_seen=''

is_spool_empty() {
  set -- "$spool"/*.json
  [ ! -e "$1" ]
}

send_due() {
  [ -n "$coordinator" ] || return 0
  now=$(date +%s)
  [ "$now" -lt "$send_after" ] || send_spool
}

# Several requests while all goes well; whatever happens, the spool keeps what was not taken.
send_spool() {
  for round in 1 2 3 4 5; do
    if is_spool_empty && ! is_pulse_due; then return; fi
    fill_batch || return
    add_pulse
    [ -s "$work/body" ] || return
    post_batch
    case $code in
      2??) note_pulse && settle_batch && backoff=1 || return ;;
      413) put_pulse_off || shrink_batch ;;
      000 | 408 | 425 | 429 | 5??)
        note_answer "no delivery (${code}$([ "$code" != 000 ] || head -n 1 "$work/curl.err" | sed 's/^/, /')), trying again"
        send_after=$(($(date +%s) + backoff)) backoff=$((backoff * 2))
        [ "$backoff" -le "$backoff_max" ] || backoff=$backoff_max
        return
        ;;
      *)
        note_answer "the coordinator refuses events ($code): $(head -c 300 "$work/answer" | tr -c ' -~' ' '), trying again every $refused_pause s"
        send_after=$(($(date +%s) + refused_pause))
        return
        ;;
    esac
  done
}

# Up to 200 lines or 1 MB into relay/body, the files' names into relay/batch. A file without a whole line is set aside.
fill_batch() {
  set -- "$spool"/*.json
  [ -e "$1" ] || { true >"$work/body" && true >"$work/batch" && return; }
  printf '%s\n' "$@" | head -n "$batch_limit" | awk -v body="$work/body" -v batch="$work/batch" '
    BEGIN { printf "" >body; printf "" >batch }
    { line = ""; if ((getline line <$0) <= 0) next; close($0)
      if (size > 0 && size + length(line) + 1 > 1000000) exit
      size += length(line) + 1
      print line >body
      sub(/.*\//, ""); print >batch }'
}

# The token goes by standard input: argv and the environment can be seen by others.
read_token() {
  { read -r token <"$dir/token"; } 2>/dev/null || token=''
  case $token$coordinator in *[!A-Za-z0-9._~+/=:%@?\&-]*) token='' ;; esac
}

post_batch() {
  read_token
  code=$(printf 'url = "%s/api/submissions/%s/events"\nheader = "Authorization: Bearer %s"\n' "${coordinator%/}" "$submission" "$token" |
    curl -q -sS -K - -X POST --proto '=http,https' --connect-timeout 10 --max-time 30 -H 'Content-Type: application/x-ndjson' -H 'Expect:' \
      --data-binary @"$work/body" -o "$work/answer" -w '%{http_code}' 2>"$work/curl.err")
  code=${code:-000}
}

# Logged once, not at every try.
note_answer() {
  [ "$answer_seen" = "$1" ] || log "$1"
  answer_seen=$1
}

# Settled first, deleted then: a crash between sends the same ids again.
settle_batch() {
  [ -z "$answer_seen" ] || log "the coordinator takes events again"
  answer_seen=''
  list_rejected >"$work/rejected"
  if [ -s "$work/rejected" ]; then
    mkdir -p "$spool/rejected"
    log "the coordinator rejected $(tr '\n' ' ' <"$work/rejected")(in spool/rejected): $(head -c 500 "$work/answer" | tr -c ' -~' ' ')"
    (cd "$spool" && xargs mv -f -t rejected <"$work/rejected")
  fi
  want_files
  settle <"$work/batch" && (cd "$spool" && xargs rm -f <"$work/batch")
}

# File names of the lines in the answer's `rejected`, [{"line":3,"message":"..."}]; a quote inside a message is escaped.
list_rejected() {
  tr -d '\n' <"$work/answer" | awk '
    NR == FNR { file[NR] = $0; next }
    { at = index($0, "\"rejected\"")
      if (at == 0) next
      text = substr($0, at)
      while (match(text, /[{,] *"line" *: *[0-9]+/)) {
        line = substr(text, RSTART, RLENGTH); sub(/.*[: ]/, "", line)
        if (line in file) print file[line]
        text = substr(text, RSTART + RLENGTH)
      } }' "$work/batch" -
}

# Too large: fewer lines at once, and a single line that is too large is set aside.
shrink_batch() {
  if [ "$(wc -l <"$work/batch")" -gt 1 ]; then
    batch_limit=$((($(wc -l <"$work/batch") + 1) / 2))
  else
    log "too large for the coordinator, in spool/rejected: $(cat "$work/batch")"
    mkdir -p "$spool/rejected"
    echo '{"rejected":[{"line":1}]}' >"$work/answer"
    settle_batch
  fi
}
