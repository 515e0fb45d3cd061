# Part of repx-job: the folders and files of one attempt. Uses its variables: base submission folder slurm restarts node job
# out repx moment clock limits. Every process counts here, a sweep has many short jobs: what the shell can do itself it does.

# put <file>: standard input becomes the file, whole or not at all.
put() {
  cat >"$1.tmp" && mv -f "$1.tmp" "$1" && return 0
  rm -f "$1.tmp"
  return 1
}

# json_text <text>: most names are plain.
json_text() {
  case $1 in
    *[!A-Za-z0-9._@-]*) printf %s "$1" | tr '\000' '\377' | LC_ALL=C awk -f "$here/json.awk" -f "$here/json-text.awk" ;;
    *) printf '"%s"' "$1" ;;
  esac
}

# An earlier attempt's files move to attempts/<n>; the outputs are empty when the job starts.
prepare_folders() {
  mkdir -p "$repx/attempts" || return 1
  if [ -e "$repx/SUCCESS" ] || [ -e "$repx/FAIL" ]; then rm -f "$repx/SUCCESS" "$repx/FAIL" || return 1; fi
  attempt=1
  while [ -e "$repx/attempts/$attempt" ]; do attempt=$((attempt + 1)); done
  if [ -e "$repx/job.json" ]; then
    earlier=$repx/attempts/$attempt
    mkdir "$earlier" || return 1
    for name in result.json stdout.log stderr.log job.json; do
      [ ! -e "$repx/$name" ] || mv "$repx/$name" "$earlier/" || return 1
    done
    attempt=$((attempt + 1))
  fi
  # What an attempt that was killed had not put in place yet, or taken away.
  if [ -e "$repx/.new" ] || [ -e "$repx/.warned" ]; then rm -rf "$repx/.new" "$repx/.warned" || return 1; fi
  discard "$out" && mkdir -p "$out" "$repx/.new"
}

# discard <folder>: out of the way at once, then removed as far as that goes: NFS keeps a folder as long as somebody holds a file in
# it open (ENOTEMPTY). The next one takes what is left. A stage may have left folders without write permission, as Nix does.
discard() {
  [ -e "$1" ] || return 0
  aside=${1%/*}/.discarded.${1##*/} spare=1
  while [ -e "$aside.$spare" ]; do spare=$((spare + 1)); done
  mv "$1" "$aside.$spare" || return
  find "$aside".* -type d ! -perm -u+rwx -exec chmod u+rwx {} \; 2>/dev/null
  rm -rf "$aside".* 2>/dev/null || true
}

# The first line is the attempt, which the relay compares with the scheduler's word; then the submitter's file as it was.
begin_record() {
  read_times
  user_before=$user_time system_before=$system_time
  started=${moment% *} started_at=${moment#* }
  node_json=$(json_text "$node") user_json=$(json_text "$(id -un 2>/dev/null || id -u)")
  copy_document "$((at + size_record))" "$size_inputs" >"$repx/.new/inputs.json" &&
    copy_document "$((at + size_record + size_inputs))" "$size_parameters" >"$repx/.new/parameters.json" || return 1
  {
    printf '{"attempt":{"number":%d,"submission":"%s","slurmId":"%s","restarts":%d,"node":%s,"user":%s,"startedAt":"%s"%s},\n' \
      "$attempt" "$submission" "$slurm" "$restarts" "$node_json" "$user_json" "$started_at" "$limits" &&
      printf '"job":' &&
      copy_document "$at" "$size_record" &&
      printf '}\n'
  } >"$repx/.new/job.json" && mv -f "$repx/.new/"* "$repx/" && true >"$repx/stdout.log" && true >"$repx/stderr.log"
}

# Sets `user_time` and `system_time` to the CPU time of all children that this shell has waited for, with theirs, as `times`
# says it: 1m2.340000s. In this shell: in a substitution they would be the children of another one.
read_times() {
  { times >"$repx/.times" && { read -r _ && read -r user_time system_time; } <"$repx/.times"; } 2>/dev/null || user_time='' system_time=''
}

# find_memory_file <name in cgroup v1> <name in v2>: sets `file` to it, in the job's own cgroup, and `version`; fails where SLURM
# gave the job none.
find_memory_file() {
  while IFS=: read -r number controllers path; do
    case $path in */job_"${SLURM_JOB_ID:-none}" | */job_"${SLURM_JOB_ID:-none}"/*) ;; *) continue ;; esac
    case $number,$controllers, in
      *,memory,*) file=/sys/fs/cgroup/memory$path/$1 version=v1 ;;
      0,,) file=/sys/fs/cgroup$path/$2 version=v2 ;;
      *) continue ;;
    esac
    [ ! -r "$file" ] || return 0
  done </proc/self/cgroup
  return 1
}

# Sets `peak` to the most memory that the job's own cgroup held, page cache included, and `peak_source` to who says so; both
# to nothing where SLURM gave it none: what the processes held together cannot be known afterwards.
read_peak_memory() {
  peak='' peak_source=''
  find_memory_file memory.max_usage_in_bytes memory.peak || return 0
  { read -r peak <"$file"; } 2>/dev/null || peak=''
  case $peak in
    '' | *[!0-9]*) peak='' ;;
    *) peak_source="cgroup $version ${file##*/}" ;;
  esac
}

# Outside of the node's own environment the program is no child of this shell, whose times are then those of bwrap, podman or
# docker; and docker's containers, as those of root's podman, are not in the job's cgroup.
leave_out_strangers() {
  [ "$runtime" != native ] || return 0
  user_time='' system_time=''
  case $runtime,$(id -u) in docker,* | podman,0) peak='' peak_source='' ;; esac
}

# One JSON object a line, by path, for every file under out/. Both programs print one line a file, in the same order:
# stat only the size, sha256sum the name with its newlines escaped.
list_outputs() {
  is_empty "$out" && return
  rm -f "$repx/.sizes" "$repx/.sums"
  (
    cd "$out" && find . -type d ! -perm -u+rx -exec chmod u+rx {} \; -o -type f ! -perm -u+r -exec chmod u+r {} + &&
      find . -type f -exec sh -c 'stat -c %s -- "$@" >>"$0/.sizes" && sha256sum -- "$@" >>"$0/.sums"' "$repx" {} +
  ) || return 1
  [ -e "$repx/.sums" ] || return 0
  LC_ALL=C awk -f "$here/json.awk" -f "$here/outputs.awk" "$repx/.sizes" "$repx/.sums" >"$repx/.list" &&
    LC_ALL=C sort -o "$repx/.list" "$repx/.list" && sed '$!s/$/,/' "$repx/.list"
}

# is_empty <folder>: as far as it can be read.
is_empty() {
  [ -r "$1" ] && [ -x "$1" ] || return 1
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then return 1; fi
  done
}

# Result, marker, log line. Returns not 0 when a job that ended with 0 cannot be called a success.
end_record() {
  moment=$(date -u "$clock")
  read_times
  read_peak_memory
  leave_out_strangers
  signal=null
  [ "$status" -le 128 ] || [ "$status" -gt 192 ] || signal=$((status - 128))
  verdict=SUCCESS
  [ "$status" = 0 ] || verdict=FAIL
  list_outputs 2>>"$repx/stderr.log" >"$repx/.outputs" && write_result 2>>"$repx/stderr.log" || verdict=FAIL
  rm -rf "$repx/.new" "$repx/.times" "$repx/.outputs" "$repx/.list" "$repx/.sizes" "$repx/.sums" "$repx/.warned"
  # A later attempt took the records over while this one was thought dead: the marker is not ours to write.
  [ ! -e "$repx/attempts/$attempt" ] || return 0
  { true >"$repx/.marker" && mv -f "$repx/.marker" "$repx/$verdict"; } 2>/dev/null || verdict=
  case $verdict in SUCCESS) word=ok ;; *) word=fail ;; esac
  # Only the job as a whole is in there.
  [ -n "${part-}" ] || { printf '{"id":"%s","s":"%s"}\n' "$job" "$word" >>"$base/outputs/completions.jsonl"; } 2>/dev/null
  [ "$status" != 0 ] || [ "$verdict" = SUCCESS ] || return 74
  return "$status"
}

# All but the outputs on the first line, which is what the relay reads. What nobody could tell is left out, never guessed.
write_result() {
  # Through cat, whose exit code tells of a full disk: not every awk's does.
  node_json=$node_json LC_ALL=C awk -v from="$started" -v to="${moment% *}" -v user="$user_before $user_time" \
    -v system_="$system_before $system_time" -v peak="$peak" -v source="$peak_source" -v is_local="${is_local-}" \
    -v head="\"exitCode\":$status,\"signal\":$signal,\"startedAt\":\"$started_at\",\"endedAt\":\"${moment#* }\"" \
    -f "$here/result.awk" "$repx/.outputs" | cat >"$repx/.result" && mv -f "$repx/.result" "$repx/result.json"
}
