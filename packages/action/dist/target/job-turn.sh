# Part of repx-job: one attempt of a job at a time, whichever submission it belongs to. Uses its variables: folder repx slurm restarts
# node. repx-agent, of which there is one at a time too, takes its turn in the same way.
#
# The lock is the folder repx/.running. Its entries 1, 2, ... are symbolic links that lead nowhere: their text is
# "<holder> <restarts> <start> <node>", and making one is atomic on every file system, content included. The highest entry holds the
# lock; who finds its holder dead makes the next one, which only one can. A holder is a SLURM id, or, where there is no SLURM to
# ask, a process: local:<pid>:<its start in ticks>:<boot>. Where a job's parts are tasks of their own, parts:<SLURM id of its gather>:
# from the first of them on, until the gather has ended.
mine='' clock='+%s.%N %Y-%m-%dT%H:%M:%SZ'

# Sets `process` to what no other process of this machine has: pid, start in ticks after the machine's own, and the machine's
# (proc_pid_stat(5), field 22; the name before may hold blanks).
name_process() {
  read -r stat <"/proc/$$/stat" && read -r boot </proc/sys/kernel/random/boot_id
  # shellcheck disable=SC2086 # One word a field.
  set -- ${stat##*) }
  process="$$ ${20} $boot"
}

# name_holder [slurm id]: sets `holder_name`, `moment` to the time, and `me` to the text of an entry of ours.
name_holder() {
  holder_name=${1-}
  if [ -z "$holder_name" ]; then name_process && holder_name=local:$(echo "$process" | tr ' ' :); fi
  moment=$(date -u "$clock")
  me="$holder_name $restarts ${moment#* } $node"
}

# Sets `turn` to the highest entry, or 0, and `holder` to its text.
find_holder() {
  turn=0
  for entry in "$lock"/[0-9]*; do
    if [ -L "$entry" ] && [ "${entry##*/}" -gt "$turn" ]; then turn=${entry##*/}; fi
  done
  holder=''
  [ "$turn" = 0 ] || holder=$(readlink "$lock/$turn" 2>/dev/null)
}

# Returns 0 when this attempt may run, 75 when another one does, 73 when nothing can be written here.
take_turn() {
  mkdir -p "$lock" 2>/dev/null || return 73
  find_holder
  [ -z "$holder" ] || ! is_holder_alive || return 75
  judged_turn=$turn judged=$holder mine=$lock/$((turn + 1))
  # NFS may say no to a link that it has made (a repeated request).
  if ! ln -s "$me" "$mine" 2>/dev/null && [ "$(readlink "$mine")" != "$me" ]; then
    [ -L "$mine" ]
    set -- $?
    mine=''
    if [ "$1" = 0 ]; then return 75; else return 73; fi
  fi
  # What we judged may have been given back since, and the folder taken anew: then two have made an entry, and see it here.
  find_holder
  before=''
  [ "$judged_turn" = 0 ] || before=$(readlink "$lock/$judged_turn" 2>/dev/null)
  if [ "$holder" = "$me" ] && [ "$before" = "$judged" ]; then return 0; fi
  rm -f "$mine"
  rmdir "$lock" 2>/dev/null
  mine=''
  return 75
}

# Only entries that this attempt superseded, and its own last, so that the highest one stays ours until the end.
give_turn_back() {
  [ -n "$mine" ] && [ "$(readlink "$mine")" = "$me" ] || return 0
  for entry in "$lock"/[0-9]*; do
    if [ -L "$entry" ] && [ "${entry##*/}" -lt "${mine##*/}" ]; then rm -f "$entry"; fi
  done
  rm -f "$mine"
  mine=''
  rmdir "$lock" 2>/dev/null
}

# Whether the holder's processes may still be there. An earlier attempt of our own SLURM job is gone: it was requeued. For
# another the scheduler is asked, now and then; when it cannot be asked, the holder counts as alive for 7 days.
is_holder_alive() {
  read -r held_id held_restarts held_since held_node <<EOF
$holder
EOF
  [ "$held_id" != "$holder_name" ] || return 1
  case $held_id in local:*) is_process_alive; return ;; esac
  [ $((waits % 6)) = 0 ] || return 0
  if said=$(ask_scheduler "${held_id#parts:}" 2>/dev/null); then
    read -r state count <<EOF
$said
EOF
    case $held_id,$state in parts:*,PENDING | parts:*,CONFIGURING | parts:*,RUNNING | parts:*,SUSPENDED) return 0 ;; esac
    case $state in
      COMPLETING | STAGE_OUT | SIGNALING) return 0 ;;
      RUNNING | SUSPENDED | STOPPED | RESIZING | CONFIGURING) [ "$count" = "$held_restarts" ] ;;
      *) return 1 ;;
    esac
  else
    # Asked once more for what it complains of.
    case $(ask_scheduler "${held_id#parts:}" 2>&1) in *'Invalid job id'*) return 1 ;; esac
    is_recent
  fi
}

is_recent() {
  [ -z "$(find "$lock/$turn" -mmin +10080 2>/dev/null)" ]
}

# The same pid with another start is another process, and a zombie is gone. A process of another machine cannot be seen.
is_process_alive() {
  if [ "$held_node" != "$node" ]; then is_recent; return; fi
  IFS=: read -r kind held_pid held_start held_boot <<EOF
$held_id
EOF
  read -r boot </proc/sys/kernel/random/boot_id
  [ "$held_boot" = "$boot" ] && { read -r stat <"/proc/$held_pid/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # One word a field.
  set -- ${stat##*) }
  case $1 in Z | X | x) return 1 ;; esac
  [ "${20}" = "$held_start" ]
}

# State and count of restarts, without the user's own filters.
ask_scheduler() {
  for name in $(env | sed -n 's/^\(SQUEUE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  timeout 20 squeue -h -r --all -t all -j "$1" -O State:30,RestartCnt:12
}

# Opening the folder makes an NFS client ask again (nfs(5), close-to-open); the shell opens it to find names.
has_success() {
  for entry in "$repx"/*; do break; done
  [ -e "$repx/SUCCESS" ] && is_good_enough
}

# Where the submission wants the job to run again (jobs/<job>/again: force, or a revision), a success counts only when it is
# the submission's own (a requeue), or of that revision or a later one.
is_good_enough() {
  { read -r again <"$folder/jobs/$job/again"; } 2>/dev/null || return 0
  { IFS= read -r first <"$repx/job.json"; } 2>/dev/null || return 1
  case $first in *"\"submission\":\"$submission\","*) return 0 ;; esac
  case $again in '' | *[!0-9]*) return 1 ;; esac
  rev=$(sed -n '/^  "rev": [0-9][0-9]*,*$/{s/[^0-9]//g;p;q;}' "$repx/job.json")
  [ "${rev:-0}" -ge "$again" ]
}

# Waits for the turn. Returns 0 when it has come, with its time in `moment`, 1 when another attempt has left SUCCESS: then there is nothing to run.
wait_for_turn() {
  lock=$repx/.running waits=0 refusals=0
  while ! has_success; do
    take_turn
    case $? in
      0)
        ! has_success || return 1
        [ "$waits" = 0 ] || moment=$(date -u "$clock")
        return 0
        ;;
      75) refusals=0 waits=$((waits + 1)) && sleep "${REPX_WAIT_SECONDS:-5}" ;;
      *)
        # Once may be somebody's rmdir in between.
        refusals=$((refusals + 1))
        [ "$refusals" -lt 3 ] || return 73
        sleep 1
        ;;
    esac
  done
  return 1
}

# The results of the other attempt stand as they are; this file tells our relay that they count for us too.
let_results_stand() {
  mkdir -p "$folder/shared" && true >"$folder/shared/$slurm.$restarts"
}
