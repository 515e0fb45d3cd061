# Part of repx-job and repx-part: the parts of a scatter-gather job: the scatter, for every work item the steps, the gather. Uses their
# variables: here base folder job out repx tab. Folders and files are RepX 0.5's, so that its tools find them. What is done already is not
# done again: a job's id says that its scatter would find the same items.
#
# The submitter's plan, in submissions/<id>/jobs/<job>/: parts.tsv, one program a line in the order in which they run
# (`scatter - <path> -`, `step <name> <path> <steps needed>`, `gather - <path> -`, between tabs), and per program its inputs;
# \u0001 in them stands for the number of the branch.

# All of them within one allocation.
run_parts() {
  status=0
  run_scatter && list_items || return
  branches=0 item=''
  while IFS= read -r item <&3 && [ "$item" != ']' ]; do
    run_branch "$branches" "$item" || return
    branches=$((branches + 1))
  done 3<"$repx/.items"
  # Who cannot read the list to its end must not take away branches that are in it.
  [ "$item" = ']' ] || return
  rm -f "$repx/.items"
  drop_stale_branches && run_gather
}

# read_part <kind>: sets `exe` to the program of the scatter, of the first step, or of the gather.
read_part() {
  exe=$base/artifacts/$(awk -F '\t' -v kind="$1" '$1 == kind { print $3; exit }' "$plan/parts.tsv")
}

run_scatter() {
  place=$root/scatter
  [ ! -e "$place/repx/SUCCESS" ] || [ ! -e "$place/out/work_items.json" ] || return 0
  read_part scatter
  begin_part "$place" && run_part "the scatter" "$place" "$repx/inputs.json"
}

# One work item a line, and `]` after the last one: not every awk says that its output did not fit on the disk. RepX fixes the
# file's name. A scatter that left no list must run again, or the job could never succeed.
list_items() {
  items=$root/scatter/out/work_items.json
  LC_ALL=C awk -f "$here/work-items.awk" "$items" >"$repx/.items" 2>>"$repx/stderr.log"
  case $?,$(tail -n 1 "$repx/.items") in 0,']') return ;; 65,*) ;; *) [ ! -e "$items" ] || return 74 ;; esac
  rm -f "$root/scatter/repx/SUCCESS"
  echo "repx-job: the scatter left no JSON array in $items" >>"$repx/stderr.log"
  status=65
  return 65
}

run_branch() {
  begin_branch "$1" "$2" && run_steps
}

# begin_branch <number> <work item>: a branch whose work item is another one than last time begins anew.
begin_branch() {
  branch=$root/branch-$1 number=$1
  if ! has_item "$2"; then
    discard "$branch" && mkdir -p "$branch/repx" && printf '%s\n' "$2" | put "$branch/repx/work_item.json" || return
  fi
}

has_item() {
  known=''
  { IFS= read -r known <"$branch/repx/work_item.json"; } 2>/dev/null
  [ "$1" = "$known" ]
}

run_steps() {
  ran=' '
  while IFS=$tab read -r kind step program needs <&4; do
    [ "$kind" = step ] || continue
    place=$branch/step-$step
    if [ -e "$place/repx/SUCCESS" ] && ! has_rerun "$needs"; then continue; fi
    exe=$base/artifacts/$program
    begin_part "$place" && fill_branch "$plan/step-$step.json" >"$place/repx/inputs.json" || return
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

# The number takes the place of the escaped character. After the dash it can be nothing else: a backslash that is part of a
# name is two in JSON.
fill_branch() {
  sed "s/branch-\\\\u0001/branch-$number/g" "$1"
}

drop_stale_branches() {
  for stale in "$root"/branch-*; do
    case ${stale##*/branch-} in *[!0-9]* | '') continue ;; esac
    [ "${stale##*/branch-}" -lt "$branches" ] || discard "$stale" || return
  done
}

run_gather() {
  LC_ALL=C awk -v branches="$branches" '
    { text = text $0 "\n" }
    END {
      printf "["
      for (number = 0; number < branches; number++) {
        entry = text
        gsub(/branch-\\u0001/, "branch-" number, entry)
        printf "%s%s", (number > 0 ? "," : ""), entry
      }
      print "]"
    }' "$plan/branch.json" >"$repx/worker_outs_manifest.json" && put "$repx/gather_inputs.json" <"$plan/gather.json" || return
  read_part gather
  run_program "$out" "$repx/gather_inputs.json" "$repx"
  [ "$status" = 0 ] || echo "repx-job: the gather ended with $status" >>"$repx/stderr.log"
  return "$status"
}

# begin_part <folder>: a part's own folders, empty as those of a job; what failed before may have left half of its outputs.
begin_part() {
  if [ -e "$1" ]; then rm -f "$1/repx/SUCCESS" "$1/repx/FAIL" && discard "$1/out" || return; fi
  mkdir -p "$1/out" "$1/repx" && true >"$1/repx/stderr.log"
}

# run_part <words> <folder> <inputs>: one program with outputs, logs and marker of its own; its last words reach the job's log.
run_part() {
  run_program "$2/out" "$3" "$2/repx"
  if [ "$status" = 0 ] && true >"$2/repx/SUCCESS"; then return 0; fi
  true >"$2/repx/FAIL"
  tail -n 50 "$2/repx/stderr.log" >>"$repx/stderr.log"
  echo "repx-job: $1 ended with $status, its logs are in $2/repx" >>"$repx/stderr.log"
  [ "$status" != 0 ] || status=74
  return "$status"
}

# has_branch <number> <work item>: all its steps have succeeded, with this item. Sets `open_step` to the first that has not.
has_branch() {
  branch=$root/branch-$1 open_step=''
  has_item "$2" || return
  while IFS=$tab read -r kind step _ <&4; do
    [ "$kind" = step ] || continue
    if [ ! -e "$branch/step-$step/repx/SUCCESS" ]; then open_step=$step && return 1; fi
  done 4<"$plan/parts.tsv"
}
