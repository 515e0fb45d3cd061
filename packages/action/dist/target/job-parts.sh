# Part of repx-job: a scatter-gather job within one allocation: the scatter, for every work item the steps, the gather. Uses its
# variables: here base folder job out repx. Folders and files are RepX 0.5's, so that its tools find them. What is done already is not
# done again: a job's id says that its scatter would find the same items.
#
# The submitter's plan, in submissions/<id>/jobs/<job>/: parts.tsv, one program a line in the order in which they run
# (`scatter - <path> -`, `step <name> <path> <steps needed>`, `gather - <path> -`, between tabs), and per program its inputs;
# \u0001 in them stands for the number of the branch.
tab=$(printf '\t')

run_parts() {
  plan=$folder/jobs/$job root=$base/outputs/$job
  run_scatter && list_items || return
  branches=0
  while IFS= read -r item <&3; do
    run_branch "$branches" "$item" || return
    branches=$((branches + 1))
  done 3<"$repx/.items"
  rm -f "$repx/.items"
  drop_stale_branches
  run_gather
}

# read_part <kind>: sets `exe` to the program of the scatter or of the gather.
read_part() {
  exe=$base/artifacts/$(awk -F '\t' -v kind="$1" '$1 == kind { print $3 }' "$plan/parts.tsv")
}

run_scatter() {
  place=$root/scatter
  [ ! -e "$place/repx/SUCCESS" ] || [ ! -e "$place/out/work_items.json" ] || return 0
  read_part scatter
  run_part "the scatter" "$place" "$repx/inputs.json"
}

# One work item a line; RepX fixes the file's name.
list_items() {
  items=$root/scatter/out/work_items.json
  LC_ALL=C awk -f "$here/work-items.awk" "$items" >"$repx/.items" 2>>"$repx/stderr.log" && return 0
  echo "repx-job: the scatter left no JSON array in $items" >>"$repx/stderr.log"
  status=65
  return 65
}

# A branch whose work item is another one than last time begins anew.
run_branch() {
  branch=$root/branch-$1 number=$1
  if [ "$2" != "$(cat "$branch/repx/work_item.json" 2>/dev/null)" ]; then
    rm -rf "$branch" && mkdir -p "$branch/repx" && printf '%s\n' "$2" | put "$branch/repx/work_item.json" || return
  fi
  ran=' '
  while IFS=$tab read -r kind step program needs <&4; do
    [ "$kind" = step ] || continue
    place=$branch/step-$step
    if [ -e "$place/repx/SUCCESS" ] && ! has_rerun "$needs"; then continue; fi
    exe=$base/artifacts/$program
    mkdir -p "$place/repx" && fill_branch "$plan/step-$step.json" | put "$place/repx/inputs.json" || return
    run_part "step $step of branch $number" "$place" "$place/repx/inputs.json" || return
    ran="$ran$step "
  done 4<"$plan/parts.tsv"
}

has_rerun() {
  for needed in $1; do
    case $ran in *" $needed "*) return 0 ;; esac
  done
  return 1
}

# The number takes the place of the escaped character; a JSON text cannot hold these six characters for any other one.
fill_branch() {
  sed "s/\\\\u0001/$number/g" "$1"
}

drop_stale_branches() {
  for stale in "$root"/branch-*; do
    case ${stale##*/branch-} in *[!0-9]* | '') continue ;; esac
    [ "${stale##*/branch-}" -lt "$branches" ] || rm -rf "$stale"
  done
}

run_gather() {
  {
    printf '['
    number=0
    while [ "$number" -lt "$branches" ]; do
      [ "$number" = 0 ] || printf ',\n'
      fill_branch "$plan/branch.json"
      number=$((number + 1))
    done
    printf ']\n'
  } | put "$repx/worker_outs_manifest.json" && put "$repx/gather_inputs.json" <"$plan/gather.json" || return
  read_part gather
  run_program "$out" "$repx/gather_inputs.json" "$repx"
  [ "$status" = 0 ] || echo "repx-job: the gather ended with $status" >>"$repx/stderr.log"
  return "$status"
}

# run_part <words> <folder> <inputs>: one program with outputs, logs and marker of its own; its last words reach the job's log.
run_part() {
  rm -f "$2/repx/SUCCESS" "$2/repx/FAIL" && mkdir -p "$2/out" "$2/repx" && true >"$2/repx/stderr.log" || return
  run_program "$2/out" "$3" "$2/repx"
  if [ "$status" = 0 ] && true >"$2/repx/SUCCESS"; then return 0; fi
  true >"$2/repx/FAIL"
  tail -n 50 "$2/repx/stderr.log" >>"$repx/stderr.log"
  echo "repx-job: $1 ended with $status, its logs are in $2/repx" >>"$repx/stderr.log"
  [ "$status" != 0 ] || status=74
  return "$status"
}
