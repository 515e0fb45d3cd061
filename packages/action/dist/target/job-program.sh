# Part of repx-job and repx-part: one program of a job in its runtime. Uses their variables: exe repx rungs_time.

say_unwritable() {
  echo "cannot write the records in $1 (disk full, or no permission?)"
}

# Before the runtime is chosen. That may take its time: who is told to stop meanwhile still leaves a record.
get_ready() {
  status=127 stop=''
  for pair in HUP:129 INT:130 TERM:143; do trap "stop=${pair#*:}" "${pair%:*}"; done
  trap '' USR1 USR2
  [ -z "$rungs_time" ] || trap begin_watch USR1
  # A background child ignores INT and QUIT (POSIX 2.11), and could not take that back; coreutils 8.31 can.
  reset='env --default-signal=INT,QUIT'
  $reset true 2>/dev/null || reset=''
}

# The program's signals: SLURM sends TERM to every process of a batch job, but USR1 of --signal=B: to this shell alone.
pass() {
  caught=1
  if [ "$1" = USR1 ] && [ -n "$rungs_time" ]; then begin_watch; return; fi
  case $1 in TERM) stop=143 ;; INT) stop=130 ;; HUP) stop=129 ;; esac
  [ -z "$pid" ] || deliver "$1"
}

# run_program <output folder> <inputs> <folder of the logs>: runs `exe` in the job's runtime; leaves its exit code in `status`.
# What was told to stop before starts nothing more.
run_program() {
  pid='' caught='' status=''
  for name in TERM USR1 USR2 HUP INT; do trap "pass $name" "$name"; done
  [ -z "$stop" ] || { status=$stop; return; }
  logs=$3
  set -- "$exe" "$1" "$2" "$repx/parameters.json"
  enter_runtime "$@" </dev/null >"$logs/stdout.log" 2>>"$logs/stderr.log" 3<&- 4<&- &
  pid=$!
  while :; do
    wait "$pid"
    code=$?
    # A trap ends `wait` with the signal's number, so it is asked again; 127 then means that the first word was true.
    [ "$code" = 127 ] && [ -n "$status" ] || status=$code
    [ -n "$caught" ] || break
    caught=''
  done
  pid=''
  leave_runtime
}
