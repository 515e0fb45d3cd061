# Part of repx-relay: from doorbells and the scheduler's word to event files in spool/. Files in relay/:
# wanted (jobs whose bell rang: slurm id, bell, until when), reported (ids of all events made), missing (jobs that the
# queue no longer names, since when), late/<slurm id>.<restarts> (an end whose marker is not in sight yet, since when).
tab=$(printf '\t')
look_after=0 sweep_after=0 agent_after=0 rows_seen=0 has_all_rows='' spool_seen='' is_wanted='' scheduler=up asked=squeue

# New bells become lines of `wanted` before they are taken away: some thousands at a time, and never as one command's
# arguments, for there can be more names than those may hold (ARG_MAX).
take_bells() {
  set -- "$dir"/bells/[0-9]*.start "$dir"/bells/[0-9]*.end
  if [ -e "$1" ] || [ -e "$2" ]; then
    (cd "$dir/bells" && printf '%s\n' [0-9]*.start [0-9]*.end) | awk -v until="$((now + 60))" -v wanted="$work/wanted" '
      taken < 5000 && /^[0-9]+(_[0-9]+)?\.(start|end)$/ {
        taken++
        split($0, part, ".")
        printf "%s\t%s\t%s\n", part[1], part[2], until >>wanted
        print
      }' >"$work/bells" && [ -s "$work/bells" ] && (cd "$dir/bells" && xargs rm -f -- <"$work/bells") && is_wanted=1
  fi
  take_doorbells
  [ -n "$has_all_rows" ] || take_rows
}

# Rows that were just added may be of jobs whose bell rang before we knew them.
take_rows() {
  [ ! -e "$dir/submitted" ] || has_all_rows=1
  rows=$(wc -c 2>/dev/null <"$dir/slurm.tsv") || rows=0
  [ "$rows" = "$rows_seen" ] || { rows_seen=$rows is_wanted=1 open=unknown; }
}

# The epilog's spool is not ours to change: what has been handled is remembered by name and inode. It is listed only when
# it changed.
take_doorbells() {
  changed=$(stat -c %y "$doorbells" 2>/dev/null) || return 0
  [ "$changed" != "$spool_seen" ] || return 0
  spool_seen=$changed
  ls -iU "$doorbells" 2>/dev/null | awk -v prefix="$submission." -v until="$((now + 60))" -v wanted="$work/wanted" -v seen="$work/doorbells.new" '
    part == "known" { known[$0] = 1; next }
    index($2, prefix) == 1 && NF == 2 {
      print >seen
      n = split($2, field, ".")
      if (($0 in known) || n != 3 || field[2] !~ /^[0-9]+(_[0-9]+)?$/) next
      printf "%s\tepilog\t%s\n", field[2], until >>wanted
      rang = 1
    }
    END { exit rang ? 0 : 1 }' part=known "$work/doorbells" part=listed - && is_wanted=1
  [ ! -e "$work/doorbells.new" ] || mv -f "$work/doorbells.new" "$work/doorbells"
}

is_look_due() {
  [ "$now" -ge "$look_after" ] || return 1
  [ -n "$is_wanted" ] || [ "$now" -ge "$sweep_after" ]
}

# One look at all jobs. The scheduler failing is no verdict: nothing is concluded, and the bells stay wanted.
look() {
  sweep_after=$((now + sweep))
  ! is_claimed || touch "$dir/relay.pid" 2>/dev/null
  list_rows >"$work/rows" && [ -s "$work/rows" ] || { is_wanted='' && return; }
  if ! ask_queue; then
    [ "$scheduler" = down ] || log "$asked failed: $(head -n 1 "$work/scheduler.err")"
    scheduler=down look_after=$((now + 5))
    return
  fi
  [ "$scheduler" = up ] || log "$asked answers again"
  scheduler=up
  ask_elsewhere
  find "$work/new" -type f -exec rm -f {} +
  find "$dir/retries" -name '[0-9]*' ! -name '*.tmp' -exec cat {} + >"$work/retries" 2>/dev/null
  looked=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  awk -f "$here/json.awk" -f "$here/tasks.awk" -f "$here/given.awk" -f "$here/waiting.awk" -f "$here/observe.awk" -v now="$now" -v seen_at="$looked" \
    -v late="$record_patience" -v lost="$lost_now" -v marker="$marker_patience" -v work="$work" \
    -v sends="${coordinator:+1}" -v tells_pending="$looks" \
    part=jobs "$work/rows" part=reported "$work/reported" part=missing "$work/missing" part=wanted "$work/wanted" \
    part=retries "$work/retries" part=account "$work/account" part=queue "$work/queue" >"$work/summary" || { log "observe failed"; look_after=$((now + 5)); return; }
  # The submission's folder can be gone at any moment.
  { read -r known unreported wanted missing <"$work/summary"; } 2>/dev/null || return
  [ -n "$looks" ] || take_pulse
  mv -f "$work/missing.new" "$work/missing" && mv -f "$work/wanted.new" "$work/wanted"
  finish_ends
  publish
  # A scheduler that has many jobs of ours is asked less often.
  look_after=$((now + unreported / 1000))
  if [ "$wanted" -gt 0 ] || [ -n "$is_late" ]; then is_wanted=1; else is_wanted=''; fi
}

ask_queue() {
  ask_scheduler >"$work/queue" 2>"$work/scheduler.err"
}

# The agent of the scheduler `local` keeps a table with the same columns.
ask_scheduler() {
  if [ -n "$local_agent" ]; then cat "$dir/local/queue"; else timeout 20 squeue --me --all -h -r -t all -O "$queue_format"; fi
}

# An agent that runs lets a second one end at once, and one that has nothing to do took its list away. Started with what we were
# started with, for so are its jobs. On another machine it is not ours to start.
revive_agent() {
  agent_after=$((now + sweep))
  [ "$local_agent" = "$agent" ] && [ -e "$base/$agent/wanted/$submission" ] || return 0
  (
    umask "$plain_mask"
    # Each is one word or none.
    exec setsid nohup env -u TZ -u LC_ALL -u SLURM_BITSTR_LEN ${plain_zone:+"$plain_zone"} ${plain_locale:+"$plain_locale"} \
      "$here/repx-agent" "$base" </dev/null >/dev/null 2>&1
  ) &
}

# The last one is not in older SLURM, which leaves an unknown column out.
queue_format='JobArrayID:32,State:20,RestartCnt:12,exit_code:12,StartTime:24,EndTime:24,TimeUsed:20,BatchHost:100,Reason:100,tres-alloc:64'

# Whether the job's folder tells of this attempt and not of another one (repx-job writes the attempt as first line), or
# repx-job let the results of another attempt stand for this one. Sets `owner`.
is_own_record() {
  find_owner
  [ ! -e "$base/submissions/$owner/shared/$id.$restarts" ] || return 0
  { IFS= read -r first <"$records/job.json"; } 2>/dev/null || return 1
  case $first in
    *"\"submission\":\"$owner\",\"slurmId\":\"$id\",\"restarts\":$restarts,"*) return 0 ;;
  esac
  return 1
}

# Sets `records` to the folder that tells of this attempt and `own` to "last"; to "earlier" when a later attempt has moved it.
find_records() {
  records=$base/outputs/$job/repx own=last
  if is_own_record; then return; fi
  own=earlier
  for records in "$base/outputs/$job/repx/attempts"/*; do
    if is_own_record; then return; fi
  done
  records=$base/outputs/$job/repx own=''
}

# What observe.awk found ended gets its marker, log and metrics; now and then what is ready is sent.
finish_ends() {
  is_late=''
  [ -s "$work/ends" ] || return 0
  ask_why
  ends=0
  while IFS=$tab read -r event id job restarts state node peak prefix; do
    ends=$((ends + 1))
    if [ $((ends % 100)) = 0 ] && [ -z "$looks" ]; then publish && send_due; fi
    marker=''
    find_records
    if [ -n "$own" ] && [ -e "$records/SUCCESS" ]; then marker=SUCCESS; fi
    if [ -n "$own" ] && [ -e "$records/FAIL" ]; then marker=FAIL; fi
    if is_too_early; then
      # After some seconds the sweep is enough.
      [ "$now" -ge $((since + record_patience)) ] || is_late=1
      continue
    fi
    if write_end; then echo "$event" >>"$work/new-ids"; else rm -f "$work/new/$event.json"; fi
    # A living relay counts the time by its own file.
    [ -n "$looks" ] || [ ! -e "$late/$id.$restarts" ] || rm -f "$late/$id.$restarts"
  done <"$work/ends"
}

# NFS shows a node's last files late; opening the folder makes the client ask again (nfs(5), close-to-open). Exit code 0
# without a marker waits longest: to be called a success it needs one.
is_too_early() {
  patience=$record_patience
  if [ -n "$looks" ]; then
    # One look sends no logs: only a success has to be told by a marker.
    [ "$state" = COMPLETED ] && [ -z "$marker" ] || return 1
    ended=${prefix#*'"at":"'}
    since=$now
    [ "$(date -d "${ended%%'"'*}" +%s)" -gt $((now - marker_patience)) ]
    return
  elif [ "$node" != '?' ]; then
    [ "$node" != - ] || return 1
    if [ "$state" = COMPLETED ] && [ -z "$marker" ]; then patience=$marker_patience; elif [ -n "$own" ]; then return 1; fi
  fi
  first_miss=$late/$id.$restarts
  { read -r since <"$first_miss"; } 2>/dev/null || { since=$now && echo "$now" >"$first_miss"; }
  ls "$records" "$base/submissions/$owner/shared" >/dev/null 2>&1
  [ "$now" -lt $((since + patience)) ]
}

# The event as it is sent, with the job's last words; and the line for events.ndjson without them, for whoever reads that has
# the job's folder beside it. Through cat, whose exit code tells of a full disk.
write_end() {
  read_peak
  [ "$peak" = - ] || prefix=$prefix',"peakMebibytes":'$peak
  [ -z "$marker" ] || prefix=$prefix',"marker":"'$marker'"'
  if [ -n "$coordinator" ]; then render_end | cat >"$work/new/$event.json" || return 1; fi
  printf '%s}\n' "$prefix" | cat >>"$work/new-lines"
}

# Sets `peak`, which is what accounting's samples saw or -, to what the attempt's own record measured, if it did.
read_peak() {
  [ -n "$own" ] && [ ! -e "$base/submissions/$owner/shared/$id.$restarts" ] || return 0
  { IFS= read -r first <"$records/result.json"; } 2>/dev/null || return 0
  case $first in *'"peakMemoryBytes":'[1-9]*) ;; *) return 0 ;; esac
  first=${first##*'"peakMemoryBytes":'}
  first=${first%%[!0-9]*}
  [ "${#first}" -le 16 ] || return 0
  tenths=$(((first * 10 + 524288) / 1048576))
  [ "$tenths" -gt 0 ] || tenths=1
  peak=$((tenths / 10)).$((tenths % 10)) && peak=${peak%.0}
}

render_end() {
  printf '%s' "$prefix"
  if [ -n "$own" ]; then
    logs=$records/stderr.log
    [ -s "$logs" ] || logs=$records/stdout.log
    if [ -s "$logs" ]; then printf ',"logTail":' && log_text <"$logs"; fi
    metrics=$base/outputs/$job/out/metrics.json
    if [ "$own" = last ] && [ -f "$metrics" ] && [ "$(wc -c <"$metrics")" -le 16000 ]; then printf ',"metricsText":' && json_text 0 <"$metrics"; fi
  fi
  printf '}\n'
}

# Into events.ndjson, then from relay/new to spool/, then into `reported`: a crash between makes the same events again, under
# the same names. Where nobody is to be told, what is kept is settled.
publish() {
  [ -s "$work/new-ids" ] && keep_lines || return 0
  if [ -n "$coordinator" ]; then
    (cd "$work/new" && printf '%s\n' *.json | xargs mv -f -t "$spool") || return
  else
    settle <"$work/new-ids" || return
  fi
  cat "$work/new-ids" >>"$work/reported" && rm -f "$work/new-ids"
}

# Every event that was ever made, one a line, for whoever asks later. What a killed relay left of a line gets its end first.
keep_lines() {
  if [ -n "$(tail -c 1 "$dir/events.ndjson" 2>/dev/null)" ]; then echo >>"$dir/events.ndjson"; fi
  cat "$work/new-lines" >>"$dir/events.ndjson" && true >"$work/new-lines"
}

# settle: ends among the event ids on standard input need nobody's attention any more.
settle() {
  open=unknown
  awk -F. '$3 !~ /^(PENDING|RUNNING|REQUEUED)$/ { print $1 "\t" $2 }' >>"$dir/settled"
}

# Jobs whose last attempt's end has not been taken yet; counted only when that may have changed.
count_open() {
  [ "$open" = unknown ] || return 0
  list_rows >"$work/rows" && [ -s "$work/rows" ] || { open=0 && return; }
  open=$(awk '
    part == "reported" { split($0, f, "."); n = f[2] + (f[3] == "REQUEUED"); if (n > top[f[1]] + 0) top[f[1]] = n }
    part == "settled" { if ($2 + 1 > settled[$1] + 0) settled[$1] = $2 + 1 }
    part == "jobs" && settled[$1] + 0 <= top[$1] + 0 { open++ }
    END { print open + 0 }' part=reported "$work/reported" part=settled "$dir/settled" part=jobs "$work/rows")
}
