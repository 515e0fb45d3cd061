# Part of repx-job and repx-debug: which job a task is, and where all of it is. Uses their variables: base folder batch task tab.

# Sets `job`, its program `exe`, where its documents lie in the batch's, its outputs `out`, its records `repx`, and `private`, the
# folder of what it alone has in the submission.
find_job() {
  case $task in '' | *[!0-9]*) return 1 ;; esac
  IFS=$tab read -r job program at size_record size_inputs size_parameters <<EOF
$(sed -n "${task}{p;q;}" "$batch.tsv")
EOF
  [ -n "$size_parameters" ] || return 1
  exe=$base/artifacts/$program
  case $job/$exe in */../* | .*) return 1 ;; */*/*) ;; *) return 1 ;; esac
  out=$base/outputs/$job/out repx=$base/outputs/$job/repx private=$folder/jobs/$job
}

# copy_document <first byte> <size>: one of the job's own, out of the file that has those of all jobs of the batch.
copy_document() {
  dd if="$batch.json" bs=64K iflag=skip_bytes,count_bytes skip="$1" count="$2" status=none
}
