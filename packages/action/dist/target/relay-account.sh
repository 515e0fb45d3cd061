# Part of repx-relay: what accounting knows, where there is any. It lags behind the queue by seconds, and can be away for hours.
accounting=up answers_since=0

# From when on accounting is asked: SLURM gives out its job ids again (MaxJobId), and an older job is none of ours. The
# relay's first start is at the first sbatch; where that was not so, everything counts.
mark_beginning() {
  if [ ! -s "$work/began" ]; then
    if [ -s "$dir/slurm.tsv" ] && [ -z "$(find "$dir/slurm.tsv" -mmin -60)" ]; then
      echo now-40days
    else
      date -u -d '2 hours ago' +%Y-%m-%dT%H:%M:%S
    fi >"$work/began"
  fi
  # A full disk leaves it empty.
  { read -r beginning <"$work/began"; } 2>/dev/null && [ -n "$beginning" ] || beginning=now-40days
}

# ask_sacct <more words>: into relay/sacct, one line an attempt, earlier ones too. The scheduler `local` has none.
ask_sacct() {
  [ -z "$local_agent" ] || { accounting=none && return 1; }
  timeout 20 sacct -n -P -D -S "$beginning" "$@" >"$work/sacct" 2>"$work/sacct.err" && answer=up || answer=down
  if [ "$answer" = down ]; then
    if ! command -v sacct >/dev/null || grep -q 'accounting storage is disabled' "$work/sacct.err"; then answer=none; fi
  fi
  case $accounting:$answer in
    down:up) log "sacct answers again" && answers_since=$now ;;
    up:down | none:down) log "sacct failed, waiting for it: $(head -n 1 "$work/sacct.err")" ;;
  esac
  accounting=$answer
  [ "$answer" = up ]
}

# For jobs that the queue named no longer at the last look (MinJobAge): accounting, else the job's own records. Without
# either, a task of an array was cancelled before it began: SLURM forgets it at once (22.05, `scancel 12_3`).
ask_elsewhere() {
  true >"$work/account"
  lost_now=$lost_patience
  [ -s "$work/missing" ] || return 0
  # By arrays: there are some dozens of them, however many tasks are missing.
  ids=$(cut -f 1 "$work/missing" | cut -d _ -f 1 | sort -u | head -n 1000 | paste -s -d , -)
  ask_sacct -j "$ids" -o JobID,State,ExitCode,Start,End,ElapsedRaw,NodeList,AllocTRES,MaxRSS && sed 's/^/sacct|/' "$work/sacct" >"$work/account"
  # No word is no verdict while somebody may have one: slurmdbd that is back hears of what ended meanwhile some seconds later.
  if [ "$accounting" = down ] || [ "$now" -lt $((answers_since + lost_patience)) ]; then lost_now=86400; fi
  head -n "$records_at_once" "$work/missing" | while IFS=$tab read -r id since job restarts; do
    records=$base/outputs/$job/repx
    [ ! -e "$late/$id.$restarts" ] || echo "late|$id"
    is_own_record || { echo "unseen|$id" && continue; }
    { read -r result <"$records/result.json"; } 2>/dev/null || continue
    if [ -e "$records/SUCCESS" ]; then state=COMPLETED; elif [ -e "$records/FAIL" ]; then state=FAILED; else continue; fi
    printf 'record|%s|%s|%s\n' "$id" "$state" "$result"
  done >>"$work/account"
}

# Who cancelled a job, and that one of its steps was out of memory where the job says FAILED: accounting's word becomes the
# reason, and what it saw of their memory goes with it. Who it was may come late: such an end waits as for a record; account.awk tells its node as "?". One look asks once.
# Tasks that never began have no line of their own (12_[3-5]), which sacct finds by the array alone.
ask_why() {
  [ -z "$looks" ] || return 0
  ids=$(awk -F '\t' '($5 == "CANCELLED" || $5 == "FAILED") && $8 !~ /"reason":"(DependencyNeverSatisfied|CancelledBy:)/ && n++ < 1000 {
    if ($6 == "-") sub(/_.*/, "", $2)
    print $2
  }' "$work/ends" | sort -u | paste -s -d , -)
  [ -n "$ids" ] && ask_sacct -j "$ids" -o JobID,State,MaxRSS || return 0
  awk -F '\t' -v OFS='\t' -f "$here/tasks.awk" -f "$here/given.awk" -f "$here/account.awk" part=account "$work/sacct" part=ends "$work/ends" >"$work/ends.new" &&
    mv -f "$work/ends.new" "$work/ends"
}
