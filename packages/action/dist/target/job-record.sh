# Part of repx-job: the folders and files of one attempt. Uses its variables: base submission folder slurm restarts node job
# out repx.

# put <file>: standard input becomes the file, whole or not at all.
put() {
  cat >"$1.tmp" && mv -f "$1.tmp" "$1" && return 0
  rm -f "$1.tmp"
  return 1
}

json_text() {
  tr '\000' '\377' | LC_ALL=C awk -f "$here/json.awk" -f "$here/json-text.awk"
}

# An earlier attempt's files move to attempts/<n>; the outputs are empty when the job starts.
prepare_folders() {
  mkdir -p "$repx/attempts" && rm -f "$repx/SUCCESS" "$repx/FAIL" || return 1
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
  discard "$out" && mkdir -p "$out"
}

# discard <folder>: a stage may have left folders without write permission, as Nix does.
discard() {
  [ ! -e "$1" ] || { find "$1" -type d ! -perm -u+rwx -exec chmod u+rwx {} \; && rm -rf "$1"; }
}

# The first line is the attempt, which the relay compares with the scheduler's word; then the submitter's file as it was.
begin_record() {
  times_before=$(read_cpu_ticks)
  moment=$(date -u '+%s.%N %Y-%m-%dT%H:%M:%SZ')
  started=${moment% *} started_at=${moment#* }
  node_json=$(printf %s "$node" | json_text) user_json=$(id -un 2>/dev/null | json_text)
  for name in inputs parameters; do
    [ -s "$folder/jobs/$job/$name.json" ] || continue
    put "$repx/$name.json" <"$folder/jobs/$job/$name.json" || return 1
  done
  {
    printf '{"attempt":{"number":%d,"submission":"%s","slurmId":"%s","restarts":%d,"node":%s,"user":%s,"startedAt":"%s"},\n' \
      "$attempt" "$submission" "$slurm" "$restarts" "$node_json" "$user_json" "$started_at"
    printf '"job":'
    if [ -s "$folder/jobs/$job/job.json" ]; then cat "$folder/jobs/$job/job.json"; else printf null; fi
    printf '}\n'
  } | put "$repx/job.json" && true >"$repx/stdout.log" && true >"$repx/stderr.log"
}

# Ticks of CPU that this shell's ended children took (proc_pid_stat(5): cutime, cstime; the name before may hold blanks).
read_cpu_ticks() {
  read -r stat <"/proc/$$/stat" || return 0
  set -- ${stat##*) }
  echo "$((${14:-0} + ${15:-0}))"
}

# Most memory that the job's own cgroup held, page cache included; nothing where SLURM gave it none.
read_peak_memory() {
  while IFS=: read -r number controllers path; do
    case $path in */job_"${SLURM_JOB_ID:-none}" | */job_"${SLURM_JOB_ID:-none}"/*) ;; *) continue ;; esac
    case $number,$controllers, in
      *,memory,*) file=/sys/fs/cgroup/memory$path/memory.max_usage_in_bytes ;;
      0,,) file=/sys/fs/cgroup$path/memory.peak ;;
      *) continue ;;
    esac
    if [ -r "$file" ]; then read -r peak <"$file" && echo "$peak" && return; fi
  done </proc/self/cgroup
}

# One JSON object a line, by path, for every file under out/. Both programs print one line a file, in the same order:
# stat only the size, sha256sum the name with its newlines escaped.
list_outputs() {
  rm -f "$repx/.sizes" "$repx/.sums"
  (
    cd "$out" && find . -type d ! -perm -u+rx -exec chmod u+rx {} \; &&
      find . -type f ! -perm -u+r -exec chmod u+r {} + &&
      find . -type f -exec sh -c 'stat -c %s -- "$@" >>"$0/.sizes" && sha256sum -- "$@" >>"$0/.sums"' "$repx" {} +
  ) || return 1
  [ -e "$repx/.sums" ] || return 0
  LC_ALL=C awk -f "$here/json.awk" -f "$here/outputs.awk" "$repx/.sizes" "$repx/.sums" >"$repx/.list" &&
    LC_ALL=C sort -o "$repx/.list" "$repx/.list" && sed '$!s/$/,/' "$repx/.list"
}

# Result, marker, log line. Returns not 0 when a job that ended with 0 cannot be called a success.
end_record() {
  moment=$(date -u '+%s.%N %Y-%m-%dT%H:%M:%SZ')
  ticks=$(($(read_cpu_ticks) - ${times_before:-0}))
  signal=null
  [ "$status" -le 128 ] || [ "$status" -gt 192 ] || signal=$((status - 128))
  verdict=SUCCESS
  [ "$status" = 0 ] || verdict=FAIL
  list_outputs 2>>"$repx/stderr.log" >"$repx/.outputs" && write_result 2>>"$repx/stderr.log" || verdict=FAIL
  rm -f "$repx/.outputs" "$repx/.list" "$repx/.sizes" "$repx/.sums"
  # A later attempt took the records over while this one was thought dead: the marker is not ours to write.
  [ ! -e "$repx/attempts/$attempt" ] || return 0
  { true >"$repx/.marker" && mv -f "$repx/.marker" "$repx/$verdict"; } 2>/dev/null || verdict=
  case $verdict in SUCCESS) word=ok ;; *) word=fail ;; esac
  { printf '{"id":"%s","s":"%s"}\n' "$job" "$word" >>"$base/outputs/completions.jsonl"; } 2>/dev/null
  [ "$status" != 0 ] || [ "$verdict" = SUCCESS ] || return 74
  return "$status"
}

write_result() {
  peak=$(read_peak_memory) hertz=$(getconf CLK_TCK)
  {
    LC_ALL=C awk -v from="$started" -v to="${moment% *}" -v ticks="$ticks" -v hertz="${hertz:-100}" -v peak="${peak:-null}" \
      -v head="\"exitCode\":$status,\"signal\":$signal,\"startedAt\":\"$started_at\",\"endedAt\":\"${moment#* }\"" 'BEGIN {
        printf "{%s,\"elapsedSeconds\":%.3f,\"cpuSeconds\":%.2f,\"peakMemoryBytes\":%s,", head, to - from, ticks / hertz, peak
      }'
    printf '"node":%s,"outputs":[\n' "$node_json"
    cat "$repx/.outputs"
    printf ']}\n'
  } | put "$repx/result.json"
}
