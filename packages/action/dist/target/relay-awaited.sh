# Part of repx-relay: jobs that another submission has in the queue and this one waits for. awaited.tsv names them (SLURM id,
# job, the other submission) and never changes; slurm.tsv has this submission's own and grows while it is handed over.

# All jobs to follow, as slurm.tsv has them. A line that is being written is not there yet.
list_rows() {
  { head -n "$(wc -l <"$dir/slurm.tsv")" "$dir/slurm.tsv"; } 2>/dev/null
  [ ! -s "$dir/awaited.tsv" ] || cut -f 1,2 "$dir/awaited.tsv"
}

# Sets `owner` to the submission whose attempts the job's records tell of.
find_owner() {
  owner=$submission
  [ -s "$dir/awaited.tsv" ] || return 0
  line=$(grep -m 1 "^$id$tab" "$dir/awaited.tsv") && owner=${line##*"$tab"}
  return 0
}
