# Part of repx-submit and repx-part: what SLURM has of an array that was begun, and what its words mean. Uses their variables:
# submission number mark_of_try (the file that was made before the last try) work code.

# What a later try may do better: limits on how many jobs wait, on how often one may ask, a controller that does not answer or
# that takes over, munge being started, an sbatch that was killed. Anything else is said at once.
may_pass() {
  if [ "$code" = 124 ] || [ "$code" -gt 128 ]; then return 0; fi
  case $1 in
    *SubmitJob* | *'said nothing'* | *'rate limit'* | *'temporarily un'* | *'timed out'* | *'Unable to contact slurm'* | *'Zero Bytes were'* | \
      *'standby mode'* | *'Connection refused'* | *'not responding'* | *'Munge '* | *'authentication error'*) return 0 ;;
  esac
  return 1
}

# A batch that was begun and is not recorded: sbatch, or who called it, was killed or cut off. Sets `id` and returns 0 when SLURM
# has it, 1 when it has not, 2 (with `said`) when it cannot be asked. Where it has two, which cannot be but for a controller
# that answered too late, the later one goes.
find_array() {
  comment=repx:$submission:$number
  # Who is killed leaves its sbatch behind, and that may still be trying. The brackets keep grep from finding itself.
  if grep -l -e "--comment=[r]epx:$submission:$number" /proc/[0-9]*/cmdline >/dev/null 2>&1; then
    said="an sbatch of an earlier try still runs"
    return 2
  fi
  said=$(list_arrays 2>"$work/err") || {
    said="squeue failed: $(cat "$work/err")"
    return 2
  }
  found=$(printf '%s\n' "$said" | awk -v comment="$comment" '$2 == comment { print $1 }' | sort -nu)
  [ -n "$found" ] || find_forgotten || return 2
  id=''
  for one in $found; do
    if [ -z "$id" ]; then id=$one; else scancel "$one"; fi
  done
  [ -n "$id" ]
}

# Without the user's own filters.
list_arrays() {
  for name in $(env | sed -n 's/^\(SQUEUE_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  timeout 60 squeue --me --all -h -t all -o '%F %k'
}

# Sets `found` to what accounting knows of the comment; not 0 (with `said`) when there is accounting, it does not answer, and an
# array of the last try can have ended and be forgotten since. Comments are kept where the site says so (AccountingStoreFlags=job_comment).
find_forgotten() {
  found=''
  if said=$(list_accounted 2>"$work/err"); then
    found=$(printf '%s\n' "$said" | awk -F '|' -v comment="$comment" '$2 == comment { sub(/_.*/, "", $1); print $1 }' | sort -nu)
    return 0
  fi
  if ! command -v sacct >/dev/null || grep -q 'accounting storage is disabled' "$work/err" || ! may_be_forgotten; then return 0; fi
  said="SLURM may have forgotten an earlier try, and sacct failed: $(cat "$work/err")"
  return 1
}

list_accounted() {
  for name in $(env | sed -n 's/^\(SACCT_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
  timeout 60 sacct -X -n -P -S now-30days -o JobID,Comment
}

# Whether the last try is older than what SLURM remembers of an ended job (MinJobAge, 300 by default).
may_be_forgotten() {
  begun=$(stat -c %Y "$mark_of_try") || return 0
  memory=$(timeout 60 scontrol show config 2>/dev/null | sed -n 's/^MinJobAge *= *\([0-9][0-9]*\).*/\1/p')
  [ $(($(date +%s) - begun)) -ge "${memory:-300}" ]
}
