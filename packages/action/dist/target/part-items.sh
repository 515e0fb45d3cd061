# Part of repx-part: the work items of a job become arrays in SLURM, and its gather waits for them. Uses its variables: here
# submission batch_number job task slurm gather plan spread stop.
#
# In submissions/<id>/jobs/<job>: items.sbatch (arguments, a line each; `@<most>` in that of --array stands for the indexes of an
# array of at most so many), items.sh (the script). From here, in spread/: items (one a line, then `]`), arrays (of each the branch
# that is its index 0, and its indexes), <branch>.begun before sbatch is called, <branch>.id after it, and in the end
# one of these: whole (how many items), in-task (why the gather runs all parts itself), failed (the scatter's status).
#
# An array waits for the success of the scatter's own task, and dies with it: whoever is cancelled or killed here leaves none behind.
patience=${REPX_SUBMIT_SECONDS:-600} first_pause=${REPX_SUBMIT_PAUSE_SECONDS:-5} call_limit=200

# end_with <name> <text>: how it went, whole or not there.
end_with() {
  printf '%s\n' "$2" | put "$spread/$1"
}

# Not 0, with `said`, when SLURM has refused for good or for too long, or when this task is told to stop.
wait_for_slurm() {
  [ -z "$stop" ] && [ ! -e "$folder/cancelled" ] && [ $(($(date +%s) - since)) -lt "$patience" ] || return 1
  sleep "$pause"
  pause=$((pause * 2))
  [ "$pause" -le 60 ] || pause=60
}

# point_gather <tasks>: what the gather waits for from now on, whatever their end: it is what tells how the job went.
point_gather() {
  since=$(date +%s) pause=$first_pause
  while :; do
    timeout 60 scontrol update "JobId=$gather" "Dependency=afterany:$1" >"$spread/out" 2>"$spread/err"
    code=$?
    [ "$code" != 0 ] || return 0
    said="scontrol: $(cat "$spread/err" "$spread/out")"
    may_pass "$said" && wait_for_slurm || return 1
  done
}

# Branches that have not succeeded yet, by arrays. Fails when that cannot be written.
plan_arrays() {
  most=$(sed -n 's/^--array=@\([0-9]*\).*/\1/p' "$plan/items.sbatch")
  branches=0 item=''
  while IFS= read -r item <&3 && [ "$item" != ']' ]; do
    has_branch "$branches" "$item" || echo "$branches"
    branches=$((branches + 1))
  done 3<"$spread/items" >"$spread/wanted"
  [ "$item" = ']' ] || return
  awk -v most="$most" '
    function close_range() { if (last != "") text = text (text == "" ? "" : ",") (from == last ? from : from "-" last) }
    function close_array() { close_range(); if (text != "") print first, text; text = last = "" }
    { begin = $1 - $1 % most; at = $1 - begin }
    begin != first { close_array(); first = begin }
    last != "" && at == last + 1 { last = at; next }
    { close_range(); from = last = at }
    END { close_array() }' first=-1 "$spread/wanted" | put "$spread/arrays"
}

# Sets `ids` to those of all arrays, each after a colon.
submit_arrays() {
  ids=''
  while read -r first indexes <&4; do
    number=$batch_number:$task:$first
    submit_array || return
    ids=$ids:$id
  done 4<"$spread/arrays"
}

submit_array() {
  { read -r id <"$spread/$first.id"; } 2>/dev/null && return
  since=$(date +%s) pause=$first_pause mark_of_try=$spread/$first.begun
  while :; do
    if [ -e "$mark_of_try" ]; then
      find_array
      case $? in
        0) break ;;
        2) if wait_for_slurm; then continue; else return 1; fi ;;
      esac
    fi
    said='the job is cancelled'
    [ -z "$stop" ] && [ ! -e "$folder/cancelled" ] || return 1
    said=$(say_unwritable "$spread")
    true >"$mark_of_try" || return 1
    if call_sbatch; then break; fi
    may_pass "$said" && wait_for_slurm || return 1
  done
  # What cannot be recorded does not run: its tasks look here for their array's id.
  printf '%s\n' "$id" | put "$spread/$first.id" || { ids=$ids:$id && said=$(say_unwritable "$spread") && return 1; }
}

# Sets `id`, or `said` to what went wrong. What SLURM told this task of itself is nothing for others: without it.
call_sbatch() {
  id=''
  set --
  while IFS= read -r word; do
    case $word in --array=@*) word=--array=$indexes${word#"--array=@$most"} ;; esac
    set -- "$@" "$word"
  done <"$plan/items.sbatch"
  set -- "$@" "--comment=repx:$submission:$number" "--dependency=afterok:$slurm" --kill-on-invalid-dep=yes \
    "--chdir=$plan" "$plan/items.sh" "$task" "$first"
  (
    for name in $(env | sed -n 's/^\(SLURM[A-Z]*_[A-Z0-9_]*\)=.*/\1/p'); do
      case $name in SLURM_CONF | SLURM_CLUSTERS) ;; *) unset "$name" ;; esac
    done
    exec timeout -k 10 "$call_limit" sbatch "$@" </dev/null >"$spread/out" 2>"$spread/err" 4<&-
  ) &
  child=$!
  wait "$child"
  code=$?
  while IFS= read -r line; do
    case ${line%%;*} in '' | *[!0-9]*) ;; *) id=${line%%;*} ;; esac
  done <"$spread/out"
  [ "$code" != 0 ] || [ -z "$id" ] || return 0
  said=$(cat "$spread/err")
  said=${said:-sbatch ended with $code and said nothing}
  return 1
}

# The way without SLURM: the gather's task runs what is left of all parts, one after another.
leave_to_gather() {
  [ -z "${ids-}" ] || scancel $(printf %s "$ids" | tr : ' ') 2>/dev/null
  end_with in-task "$(printf %s "$1" | tr '\n' ' ' | cut -c 1-500)"
}

# How many items there are is known then, and who runs them. Who is told to stop leaves what it has: a requeue goes on with it.
spread_items() {
  plan_arrays || return 73
  if submit_arrays && point_gather "$slurm$ids"; then
    end_with whole "$branches" || return 73
    return
  fi
  [ -z "$stop" ] || return "$stop"
  leave_to_gather "$said" || return 73
}
