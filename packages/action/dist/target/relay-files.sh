# Part of repx-relay: the pictures of jobs that succeeded (out/figures/) to the coordinator, when it has taken their ends. A job's
# name in files/ says that its pictures are left to be sent. One that is refused is passed over: a report is whole without it.
files_after=0 files_backoff=1 most_figures=10 figure_bytes=5000000

# Of the events in relay/body, which were taken just now.
want_files() {
  sed -n 's/^{"id":"[^"]*","job":"\([0-9a-z]\{32\}-[A-Za-z0-9._+-]*\)","attempt":[0-9]*,"state":"COMPLETED",.*/\1/p' "$work/body" |
    while IFS= read -r job; do
      [ ! -d "$base/outputs/$job/out/figures" ] || { mkdir -p "$dir/files" && true >"$dir/files/$job"; }
    done
}

has_files() {
  set -- "$dir"/files/*
  [ -e "$1" ]
}

# Some jobs at a time: events go first.
send_files() {
  [ -n "$coordinator" ] && [ "$now" -ge "$files_after" ] || return 0
  for round in 1 2 3 4 5; do
    set -- "$dir"/files/*
    [ -e "$1" ] || return 0
    if ! send_figures "${1##*/}"; then
      note_answer "no delivery of pictures ($code), trying again"
      files_after=$(($(date +%s) + files_backoff)) files_backoff=$((files_backoff * 2))
      [ "$files_backoff" -le "$backoff_max" ] || files_backoff=$backoff_max
      return 0
    fi
    rm -f "$1"
    files_backoff=1
  done
}

# send_figures <job>: fails when it is to be tried again. Links are not followed, and only what may be an address's name is sent.
send_figures() {
  sent=0
  find "$base/outputs/$1/out/figures/" -maxdepth 1 -type f -size -$((figure_bytes + 1))c 2>/dev/null | LC_ALL=C sort >"$work/figures"
  while IFS= read -r file; do
    name=${file##*/}
    case $name in
      [!A-Za-z0-9_+-]* | *[!A-Za-z0-9._+-]*) continue ;;
      *.svg | *.png | *.jpg | *.jpeg | *.webp | *.gif) ;;
      *) continue ;;
    esac
    [ "$sent" -lt "$most_figures" ] || return 0
    sent=$((sent + 1))
    send_file "$1" "$file" "figures/$name"
    case $code in
      2??) ;;
      000 | 401 | 408 | 425 | 429 | 5??) return 1 ;;
      *) log "the coordinator refuses figures/$name of $1 ($code)" ;;
    esac
  done <"$work/figures"
}

# send_file <job> <file> <path there>. Sets `code`. Of a file with a line break in its name nothing is found.
send_file() {
  read_token
  code=$(printf 'url = "%s/api/submissions/%s/files/%s/%s"\nheader = "Authorization: Bearer %s"\n' "${coordinator%/}" "$submission" "$1" "$3" "$token" |
    curl -q -sS -K - -T "$2" --proto '=http,https' --connect-timeout 10 --max-time 60 -H 'Expect:' \
      -o "$work/answer" -w '%{http_code}' 2>"$work/curl.err")
  code=${code:-000}
}
