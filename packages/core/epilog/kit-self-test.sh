# Part of repx-epilog-kit: is the hook in place, and does it keep what it promises? All calls are made as SlurmUser, in a
# scratch folder of theirs but for one, and that one's bell is taken away again.
mark=srepxepilogkitselftest0000
failures=0

self_test() {
  [ -f "$hook" ] || fail "nothing is installed as $hook" "$0 install"
  check_files
  scratch=$(mktemp -d /tmp/repx-epilog-kit.XXXXXX) && chown -- "$slurm_uid:$slurm_gid" "$scratch" || fail "cannot make a folder in /tmp"
  trap 'rm -rf -- "$scratch"' EXIT
  trap 'exit 130' HUP INT TERM
  as_slurm mkdir "$scratch/spool" && as_slurm touch "$scratch/canary" || fail "$slurm_user cannot write in $scratch"
  check_installed_spool
  check_hostile_calls
  check_planted_files
  check_bad_spools
  check_time
  if [ -n "$submit" ]; then check_job; fi
  [ "$failures" = 0 ] || fail "$failures of the checks failed"
  say "all is well"
}

# report <title>: of what was just looked at, in `wrong`.
report() {
  if [ -z "$wrong" ]; then say "ok      $1"; else failures=$((failures + 1)) && say "FAILED  $1: $wrong"; fi
}

check_files() {
  wrong=$(find_open_folder "$hook") ||
    wrong=$([ "$(stat -c %u "$hook")" = 0 ] || echo "it does not belong to root")
  case $(stat -c %a "$hook") in 755) ;; *) wrong="its mode is $(stat -c %a "$hook")" ;; esac
  grep -qF "$made_mark" "$hook" || made_mark=''
  render_hook "$made_mark" | cmp -s - "$hook" || wrong="it is not this kit's version, or not for $spool: install again"
  report "$hook is this kit's, and only root can change it"
  wrong=$(find_open_folder "$spool") || wrong=$(find_spool_fault)
  report "$spool is $slurm_user's, and nobody else can write there"
}

# call <variables>: as slurmctld does it, without PATH. Sets `wrong` to what it did that it must not do.
call() {
  call_in "$scratch/spool" "$@"
}

call_in() {
  place=$1 && shift
  said=$(cd / && as_slurm timeout 5 env -i REPX_SPOOL="$place" "$@" "${starter:-$hook}" 2>&1)
  code=$? wrong=''
  [ "$code" = 0 ] || wrong="it ended with $code"
  [ -z "$said" ] || wrong="it said $said"
  [ "$(echo $(ls -A "$scratch"))" = "canary spool" ] && [ ! -s "$scratch/canary" ] || wrong="it wrote outside its spool"
}

# expect <names in the spool> <title>
expect() {
  found=$(echo $(ls -A -- "$scratch/spool"))
  [ "$found" = "$1" ] || wrong=${wrong:-"the spool holds '$found' instead of '$1'"}
  report "$2"
  as_slurm find "$scratch/spool" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} +
  as_slurm truncate -s 0 "$scratch/canary"
}

check_installed_spool() {
  call_in '' SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/nowhere/$mark" SLURM_JOB_RESTART_COUNT=0
  [ -s "$spool/$mark.1.0" ] || wrong=${wrong:-no bell}
  report "it rings in $spool when called as slurmctld calls it"
  as_slurm rm -f -- "$spool/$mark.1.0"
}

check_hostile_calls() {
  call
  expect '' "without any variable it rings nothing"
  call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR=/home/somebody
  expect '' "for a job of somebody who does not use RepX it rings nothing"
  call SLURM_JOB_ID='../../etc/passwd' SLURM_JOB_WORK_DIR="/x/$mark"
  expect '' "for a job id that is a path it rings nothing"
  call SLURM_JOB_ID="1\$(touch $scratch/owned)" SLURM_JOB_WORK_DIR="/x/$mark"
  expect '' "for a job id that is a command it rings nothing"
  call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark/../../etc"
  expect '' "for a work folder that leads elsewhere it rings nothing"
  call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark" SLURM_JOB_RESTART_COUNT=../x SLURM_JOB_EXIT_CODE2='"},{' \
    SLURM_JOB_NAME="\$(touch $scratch/owned)" SLURM_JOB_COMMENT="\`touch $scratch/owned\`" IFS=/ ENV="$scratch/canary" CDPATH=/etc
  expect "$mark.1.n" "a hostile name, comment, exit code or count of restarts is left out of the bell"
}

# What somebody who can write in the spool might put under the name that comes next ($$ of the hook).
check_planted_files() {
  starter=$scratch/spool/.start
  for planting in "ln -s ../canary" "ln -s /dev/full" mkfifo mkdir; do
    plant "$planting"
    call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark" SLURM_JOB_RESTART_COUNT=0
    as_slurm rm -rf "$starter"
    case $planting in mkdir) as_slurm find "$scratch/spool" -name ".$mark.*" -exec rmdir -- {} + ;; esac
    expect '' "what lies in its way is not followed and not waited for ($planting)"
  done
  starter=''
  as_slurm ln -s ../canary "$scratch/spool/$mark.1.0"
  call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark" SLURM_JOB_RESTART_COUNT=0
  [ ! -L "$scratch/spool/$mark.1.0" ] || wrong=${wrong:-the link is still there}
  expect "$mark.1.0" "a link under the bell's own name is replaced"
}

plant() {
  printf '#!/bin/sh\nPATH=/usr/bin:/bin\n%s "%s/spool/.%s.1.0.$$" && exec "%s"\n' "$1" "$scratch" "$mark" "$hook" | as_slurm tee "$starter" >/dev/null
  as_slurm chmod 755 "$starter"
}

check_bad_spools() {
  call_in "$scratch/absent" SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark"
  expect '' "a spool that is missing is no failure"
  call_in "$scratch/canary" SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark"
  expect '' "a spool that is a file is no failure"
  starter=$scratch/spool/.start
  printf '#!/bin/sh\nulimit -f 0\nexec "%s"\n' "$hook" | as_slurm tee "$starter" >/dev/null
  as_slurm chmod 755 "$starter"
  call SLURM_JOB_ID=1 SLURM_JOB_WORK_DIR="/x/$mark"
  as_slurm rm -f "$starter"
  starter=''
  expect '' "where nothing can be written (a full disk) it leaves nothing and is no failure"
}

check_time() {
  began=$(date +%s%N) calls=0
  while [ "$calls" -lt 20 ]; do
    calls=$((calls + 1))
    call SLURM_JOB_ID=$calls SLURM_JOB_WORK_DIR="/x/$mark" SLURM_JOB_RESTART_COUNT=0
  done
  took=$((($(date +%s%N) - began) / 20000000))
  as_slurm find "$scratch/spool" -type f -exec rm -f -- {} +
  expect '' "a call takes $took ms, with what starts it"
}

check_job() {
  as_submitter() { setpriv --reuid "$submitter" --regid "$(id -g -- "$submitter")" --init-groups -- "$@"; }
  said=$(cd / && as_submitter sbatch --parsable --job-name=repx-epilog-kit --chdir="/tmp/$mark" --output=/dev/null --error=/dev/null \
    --time=1 --export=NONE --wrap='sleep 1' 2>&1) || { wrong="$said (another user: --user NAME)" && report "$submitter submits a job" && return; }
  job=${said##*"
"}
  job=${job%%;*} waited=0
  while [ ! -e "$spool/$mark.$job.0" ] && [ ! -e "$spool/$mark.$job.n" ] && [ "$waited" -lt "$patience" ]; do
    sleep 1
    waited=$((waited + 1))
  done
  if [ -e "$spool/$mark.$job.0" ] || [ -e "$spool/$mark.$job.n" ]; then
    wrong='' && report "job $job of $submitter ended and rang"
    as_slurm rm -f -- "$spool/$mark.$job.0" "$spool/$mark.$job.n"
    return
  fi
  state=$(timeout 10 squeue -h -t all -j "$job" -o '%T %r' 2>/dev/null)
  as_submitter scancel "$job" 2>/dev/null
  case $state in
    PENDING*) wrong="it did not start within $patience s ($state); give it more with --wait" ;;
    *) wrong="it is ${state:-gone}, and no bell came: does slurm.conf name $hook, and was slurmctld restarted since?" ;;
  esac
  report "a job of $submitter rings"
}
