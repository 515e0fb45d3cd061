# Part of repx-job: a scatter-gather job's parts where they are tasks of their own, as its gather finds them. Uses its variables: folder
# job submission plan root spread repx slurm batch.
#
# The gather runs whatever the ends of the other parts: it is the job, and says how that went.

gather_parts() {
  status=0
  if [ -e "$spread/whole" ]; then
    judge_branches && drop_stale_branches && run_gather
  elif [ ! -e "$plan/items.sbatch" ]; then
    run_parts
  elif [ -e "$spread/in-task" ]; then
    echo "repx-job: all parts run one after another in this task: $(cat "$spread/in-task")" >>"$repx/stderr.log"
    run_parts
  else
    tell_scatter
  fi
}

# The scatter did not get as far as its items.
tell_scatter() {
  { read -r status <"$spread/failed"; } 2>/dev/null || status=''
  if is_of_us "$root/scatter/repx"; then tail -n 50 "$root/scatter/repx/stderr.log" >>"$repx/stderr.log"; fi
  if [ -n "$status" ]; then
    echo "repx-job: the scatter ended with $status, its logs are in $root/scatter/repx" >>"$repx/stderr.log"
  else
    scatter=''
    { read -r scatter <"$spread/task"; } 2>/dev/null
    tell_lost "the scatter" "$scatter"
  fi
  return "$status"
}

# is_of_us <folder of records>: and not of an earlier submission.
is_of_us() {
  { IFS= read -r first_line <"$1/job.json"; } 2>/dev/null || return 1
  case $first_line in *"\"submission\":\"$submission\","*) return 0 ;; esac
  return 1
}

# tell_lost <words> <SLURM id>: of a task that ended without a record. 137 as for what a KILL ended.
tell_lost() {
  state=$(ask_scheduler "${2:-none}" 2>/dev/null) || state=''
  state=${state%% *}
  echo "repx-job: $1 left no word of its end, SLURM calls its task ${2:-(none)} ${state:-forgotten}" >>"$repx/stderr.log"
  status=137
}

# All branches have succeeded, with the items that the scatter has found; or the log says of some which one failed, and why.
judge_branches() {
  branches=0 failures=0 first_status='' item=''
  ls "$root" >/dev/null
  while IFS= read -r item <&3 && [ "$item" != ']' ]; do
    if ! has_branch "$branches" "$item" && ! has_branch_after_all "$branches" "$item"; then
      failures=$((failures + 1))
      [ "$failures" -gt 5 ] || tell_branch
      first_status=${first_status:-$status}
    fi
    branches=$((branches + 1))
  done 3<"$spread/items"
  [ "$item" = ']' ] || { status=0 && return 74; }
  [ "$failures" = 0 ] && return
  status=$first_status
  echo "repx-job: $failures of $branches branches failed" >>"$repx/stderr.log"
  return "$status"
}

# Listing the folders makes an NFS client ask again (nfs(5), close-to-open).
has_branch_after_all() {
  ls "$branch" "$branch/repx" "$branch"/step-*/repx >/dev/null 2>&1
  has_branch "$1" "$2"
}

tell_branch() {
  if is_of_us "$branch/repx" && [ -e "$branch/repx/FAIL" ]; then
    tail -n 52 "$branch/repx/stderr.log" >>"$repx/stderr.log"
    status=$(sed -n '1s/.*"exitCode":\([0-9]*\).*/\1/p' "$branch/repx/result.json" 2>/dev/null)
    case $status in '' | 0) status=74 ;; esac
    return
  fi
  find_task
  words="branch $branches"
  [ -z "$open_step" ] || words="step $open_step of $words"
  tell_lost "$words" "$at_slurm"
}

# Sets `at_slurm` to the SLURM id of a branch's task.
find_task() {
  at_slurm=''
  while read -r begin indexes; do
    [ "$begin" -le "$branches" ] || continue
    { read -r id <"$spread/$begin.id"; } 2>/dev/null && at_slurm=${id}_$((branches - begin))
  done <"$spread/arrays"
}
