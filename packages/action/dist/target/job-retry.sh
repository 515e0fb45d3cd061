# Part of repx-job: another attempt with more memory or time, in the same SLURM job, so that what waits for it goes on waiting. Uses
# its variables: base folder batch submission slurm restarts repx here.
#
# batches/<n>.retry, where there is one, is the policy of the batch: `count <n>`, `mem <MiB>...`, `time <minutes>...` (what the
# attempts after the first OUT_OF_MEMORY or TIMEOUT get, in order) and `infrastructure <n>`, between blanks.
#
# retries/<slurm id> has a line for each retry of that job, between tabs: the id, which restart ended, how, the limits after it
# (`80M` or -, minutes or -), and how far it came: `asked` (SLURM may not have heard of it), `granted`, `unchanged` (it
# begins again, with what it had) or `failed` (it does not begin again). The line is there before SLURM hears of it: who is killed in
# between has used up a retry, and never gets one too many.
retry_margin=20 longest_warning=300

read_policy() {
  most_retries=0 rungs_mem='' rungs_time='' infrastructure='' watcher=''
  [ -e "$batch.retry" ] || return 0
  while read -r word values; do
    case $word in
      count) most_retries=$values ;;
      mem) rungs_mem=$values ;;
      time) rungs_time=$values ;;
      infrastructure) infrastructure=$values ;;
    esac
  done <"$batch.retry"
}

# Sets what retries this job had: `retries` that began it again, of which `used_mem` and `used_time`, with its limits now in
# `mem_now` and `time_now` and, for the attempt's record, in `limits`; `is_stuck` when none may follow.
read_retries() {
  retries=0 used_mem=0 used_time=0 mem_now=- time_now=- limits='' is_stuck='' history=''
  [ -e "$folder/retries/$slurm" ] || return 0
  while IFS=$tab read -r id restart end mem minutes answer; do
    [ "$id" = "$slurm" ] && [ -n "$answer" ] || continue
    history=$history$id$tab$restart$tab$end$tab$mem$tab$minutes$tab$answer'
'
    case $answer in unchanged | failed) is_stuck=1 ;; granted) mem_now=$mem time_now=$minutes ;; esac
    # One that was just asked for is not ours to ask for again.
    [ "$restart" -lt "$restarts" ] || is_stuck=1
    [ "$answer" != failed ] || continue
    retries=$((retries + 1))
    case $end in OUT_OF_MEMORY) used_mem=$((used_mem + 1)) ;; TIMEOUT) used_time=$((used_time + 1)) ;; esac
  done <"$folder/retries/$slurm"
  [ "$mem_now" = - ] || limits='"mem":"'$mem_now'"'
  [ "$time_now" = - ] || limits=$limits${limits:+,}'"time":"'$time_now'"'
  [ -z "$limits" ] || limits=',"limits":{'$limits'}'
}

# Whether the job began again more often than its policy allows, its own retries aside.
is_begun_too_often() {
  [ -n "$infrastructure" ] && [ $((restarts - retries)) -gt "$infrastructure" ]
}

# Nothing ran, so nothing was used.
say_begun_too_often() {
  runtime=none
  say_retry "SLURM began this job again $((restarts - retries)) times, after a node failed, a preemption or a requeue by hand, and \
its retry policy allows $infrastructure: \`repx retry\` submits it once more"
}

say_retry() {
  printf 'repx-job: %s\n' "$1" >>"$repx/stderr.log"
}

# Whether the kernel killed something of this attempt for its memory: then SLURM calls the end OUT_OF_MEMORY.
was_out_of_memory() {
  find_memory_file memory.oom_control memory.events || return 1
  while read -r word value; do
    if [ "$word" = oom_kill ] && [ "$value" -gt 0 ]; then return 0; fi
  done <"$file" 2>/dev/null
  return 1
}

# After an end that was recorded. Whoever told the job to stop has the last word.
retry_after_memory() {
  [ -n "$rungs_mem" ] && [ "$status" != 0 ] && [ -z "$stop" ] && was_out_of_memory || return 0
  (ask_again OUT_OF_MEMORY)
}

# ask_again <end>: in a process of its own, for SLURM's answer to a requeue is TERM, with some of its ways to track processes
# (linuxproc, pgid) to all of the job's.
ask_again() {
  trap '' TERM INT HUP USR1 USR2
  read_retries
  [ -z "$is_stuck" ] && [ ! -e "$folder/cancelled" ] || return 0
  end=$1
  if [ "$retries" -ge "$most_retries" ]; then
    say_retry "$end: all $most_retries retries are used up"
    return 0
  fi
  take_rung || {
    say_retry "$end: its retry policy and its partition allow no more than this attempt had"
    return 0
  }
  note_retry asked || return 1
  if ! said=$(timeout 20 scontrol requeue "$slurm" 2>&1); then
    note_retry failed
    say_retry "$end: SLURM does not begin it again with $words: $said"
  # Still ours to change: the job waits until this attempt's last process is gone.
  elif said=$(timeout 20 scontrol update JobId="$slurm" "$change" 2>&1); then
    note_retry granted
    say_retry "$end: begins again with $words"
  else
    note_retry unchanged
    say_retry "$end: begins again, but SLURM does not give it $words: $said"
  fi
  # Who took the submission back meanwhile saw a job that was ending.
  [ ! -e "$folder/cancelled" ] || timeout 20 scancel "$slurm"
}

# Sets `change` to what SLURM is told and `words` to the same for people; fails where the ladder ends.
take_rung() {
  # shellcheck disable=SC2086 # One word a rung.
  case $end in OUT_OF_MEMORY) set -- $rungs_mem && used=$used_mem ;; *) set -- $rungs_time && used=$used_time ;; esac
  [ "$used" -lt $# ] || return 1
  shift "$used"
  case $end in
    OUT_OF_MEMORY) mem_now=$1M change=MinMemoryNode=$1 words="mem $1M" ;;
    *) time_now=$1 change=TimeLimit=$1 words="time $1 min" ;;
  esac
}

# note_retry <answer>: the history with this line after it.
note_retry() {
  mkdir -p "$folder/retries" &&
    printf '%s%s\t%s\t%s\t%s\t%s\t%s\n' "$history" "$slurm" "$restarts" "$end" "$mem_now" "$time_now" "$1" | put "$folder/retries/$slurm"
}

# On SLURM's warning (--signal=B:USR1): the program goes on until shortly before the limit of time, in case it ends by itself.
# Requeued before SLURM calls it TIMEOUT, it has not failed in the eyes of what waits for it.
begin_watch() {
  [ ! -e "$repx/.warned" ] && true >"$repx/.warned" || return 0
  watch_limit 3<&- 4<&- &
  watcher=$!
}

watch_limit() {
  trap '' TERM INT HUP USR1 USR2
  left=$(ask_time_left) || return 0
  # Another's signal, which is the program's to take.
  if [ "$left" -gt "$longest_warning" ]; then
    rm -f "$repx/.warned"
    [ -z "$pid" ] || deliver USR1
    return 0
  fi
  while [ "$left" -gt "$retry_margin" ]; do
    pause=$((left - retry_margin))
    while [ "$pause" -gt 0 ]; do
      sleep 1
      [ -e "$repx/.warned" ] || return 0
      pause=$((pause - 1))
    done
    # Somebody may have given it more meanwhile.
    left=$(ask_time_left) || return 0
  done
  [ ! -e "$repx/.warned" ] || ask_again TIMEOUT
}

# Nothing of the job runs any more. A retry that is being asked for is waited for, whatever signal comes meanwhile.
end_watch() {
  [ -z "$rungs_time" ] || trap '' USR1
  [ -n "$watcher" ] || return 0
  rm -f "$repx/.warned"
  while kill -0 "$watcher" 2>/dev/null; do wait "$watcher"; done
  watcher=''
}

# In seconds. SLURM says [days-][[hours:]minutes:]seconds, or a word.
ask_time_left() {
  for name in $(env | sed -n 's/^\(SQUEUE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  timeout 20 squeue -h -r --all -t all -j "$slurm" -O TimeLeft:20 2>/dev/null | awk '
    $1 ~ /^[0-9][0-9:-]*$/ {
      days = 0
      if ((at = index($1, "-")) > 0) { days = substr($1, 1, at - 1); $1 = substr($1, at + 1) }
      n = split($1, f, ":")
      for (i = 1; i <= n; i++) sum = sum * 60 + f[i]
      print days * 86400 + sum
      known = 1
    }
    END { exit !known }'
}
