# Part of repx-submit: one batch becomes an array in SLURM, once. Uses its function recover and its variables: number batches dir work patience
# first_pause longest_pause call_limit submission child.

# Sets `id`. Ends the program, having said why, when the batch is refused or was refused for too long.
submit_batch() {
  since=$(date +%s) pause=$first_pause
  while :; do
    if [ -e "$dir/cancelled" ]; then say_last stopped "$number" "the submission was taken back"; exit 75; fi
    mark_of_try=$batches/$number.begun
    if [ -e "$mark_of_try" ]; then
      find_array
      case $? in
        0) break ;;
        2) wait_for_slurm "$said" && continue ;;
      esac
    fi
    true >"$batches/$number.begun" && show_life || give_up
    if call_sbatch; then
      lost=$(awk -v id="$id" '$2 == id { print $1; exit }' "$work/arrays")
      [ -n "$lost" ] || break
      begin_again
      continue
    fi
    if may_pass "$said"; then wait_for_slurm "$said"; continue; fi
    say_last refused "$number" "$said"
    exit 1
  done
  record
}

# Sets `id`, or `said` to what went wrong. In the background, so that a signal ends it at once.
call_sbatch() {
  id=''
  set --
  while IFS= read -r word; do
    case $word in --dependency=*@*) word=$(fill_in "$word") || give_up ;; esac
    set -- "$@" "$word"
  done <"$batches/$number.sbatch"
  timeout -k 10 "$call_limit" sbatch "$@" <"$batches/$number.sh" >"$work/out" 2>"$work/err" &
  child=$!
  wait "$child"
  code=$? child=''
  while IFS= read -r line; do
    case ${line%%;*} in '' | *[!0-9]*) ;; *) id=${line%%;*} ;; esac
  done <"$work/out"
  [ "$code" != 0 ] || [ -z "$id" ] || return 0
  said=$(cat "$work/err")
  case $code in
    0) said="sbatch printed no id: ${said:-$(cat "$work/out")}" ;;
    124) said="sbatch timed out after $call_limit seconds: $said" ;;
    *) said=${said:-sbatch ended with $code and said nothing} ;;
  esac
  return 1
}

# fill_in <argument>: SLURM's ids in the place of `@<batch>`.
fill_in() {
  printf '%s\n' "$1" | awk '
    part == "arrays" { id[$1] = $2; next }
    {
      count = split($0, piece, "@")
      text = piece[1]
      for (at = 2; at <= count; at++) {
        match(piece[at], /^[0-9]+/)
        batch = substr(piece[at], 1, RLENGTH)
        if (!(batch in id)) exit 1
        text = text id[batch] substr(piece[at], RLENGTH + 1)
      }
      print text
    }' part=arrays "$work/arrays" part=argument -
}

# slurmctld that dies before it has saved an array, within seconds, knows nothing of it when it is back, and gives its id to the next
# one. All batches from that array's on begin anew, for they waited for what is gone. The relay tells ids apart by nothing else.
begin_again() {
  drop_array "$id"
  for begun in "$batches"/*.begun; do
    other=${begun##*/} other=${other%.begun}
    [ "$other" -ge "$lost" ] || continue
    if { read -r gone <"$batches/$other.id"; } 2>/dev/null && [ "$gone" != "$id" ]; then drop_array "$gone"; fi
    rm -f "$batches/$other.id" "$begun"
  done
  recover || give_up
  # Only now, for it counts with the same variable.
  number=$lost
}

# drop_array <id>: it does not run, nor is it found by its comment later.
drop_array() {
  scontrol update "jobid=$1" "comment=repx:$submission:unrecorded" >/dev/null 2>&1
  scancel "$1" 2>/dev/null
}

# wait_for_slurm <reason>: longer each time, by chance up to half more or less, so that not all who wait come back at once.
wait_for_slurm() {
  waited=$(($(date +%s) - since))
  if [ "$waited" -ge "$patience" ]; then say_last busy "$number" "$1"; exit 75; fi
  chance=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
  this_pause=$((pause / 2 + ${chance:-0} % (pause + 1)))
  say_last waiting "$number" "$this_pause $1"
  show_life
  # Not one long sleep: whoever takes the submission back wants an answer.
  while [ "$this_pause" -gt 0 ] && [ ! -e "$dir/cancelled" ]; do
    sleep 1
    this_pause=$((this_pause - 1))
  done
  pause=$((pause * 2))
  [ "$pause" -le "$longest_pause" ] || pause=$longest_pause
}

# The id is on the disk before anybody else hears of it. An array that cannot be recorded must not run, nor be found by its comment
# when there is room again: what was taken away is not the batch.
record() {
  printf '%s\n' "$id" >"$batches/.$number.id" && mv -f "$batches/.$number.id" "$batches/$number.id" &&
    list_rows "$number" "$id" >>"$dir/slurm.tsv" && printf '%s\t%s\n' "$number" "$id" >>"$work/arrays" && {
    # Whoever cancels from another login node cannot stop us, and saw only what was recorded then.
    [ ! -e "$dir/cancelled" ] || scancel "$id"
    return
  }
  drop_array "$id"
  rm -f "$batches/$number.id"
  give_up
}

give_up() {
  say_last failed "$number" "cannot write in $dir (disk full, or no permission?)"
  exit 73
}
