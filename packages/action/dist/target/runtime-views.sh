# Part of repx-job: what a job sees that does not run natively, whichever its runtime. Uses its variables: base folder job node
# network host_files private repx.

# Who a job is for its programs, and what its allocation gave it.
PROMISED='SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURM_RESTART_COUNT SLURM_JOB_PARTITION SLURM_JOB_NODELIST
SLURMD_NODENAME SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURM_JOB_CPUS_PER_NODE SLURM_NTASKS SLURM_MEM_PER_NODE
SLURM_MEM_PER_CPU OMP_NUM_THREADS CUDA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES TZ'

newline='
'

# NAME=value, one a line: all of the job's environment.
list_environment() {
  path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  if [ -n "$host_files" ]; then
    printf '%s\n' "PATH=$path:$PATH" "HOME=${HOME:-/}" "TMPDIR=/tmp"
  else
    printf '%s\n' "PATH=$path" HOME=/tmp TMPDIR=/tmp
  fi
  user_name=$(id -un 2>/dev/null) || user_name=$(id -u)
  printf '%s\n' "USER=$user_name" "LOGNAME=$user_name"
  for name in $PROMISED; do
    eval "value=\${$name-}"
    # A line is a variable.
    case $value in *"$newline"*) continue ;; esac
    [ -z "$value" ] || printf '%s\n' "$name=$value"
  done
}

# list_views <output folder> <folder of the logs>: what of the base path the job sees, parents first: `ro` or `rw`, tab, path.
# Of other jobs only the outputs of those that it depends on.
list_views() {
  printf 'ro\t%s\n' "$base/artifacts/jobs/$job"
  lab=''
  { read -r lab <"$folder/lab"; } 2>/dev/null
  [ -z "$lab" ] || list_folder "$base/artifacts/labs/$lab"
  while IFS=$tab read -r word value; do
    case $word in
      input) list_folder "$base/outputs/$value/out" ;;
      inputs) list_folder "$base/outputs" ;;
    esac
  done <"$private/runtime"
  list_folder "$base/outputs/$job"
  printf 'rw\t%s\n' "$1" "$2"
}

# A job that another one depends on softly may have left none.
list_folder() {
  [ ! -d "$1" ] || printf 'ro\t%s\n' "$1"
}

# What of the node it sees as well: `rw`, `ro` or `dev`, tab, path. With all of the node's files those that people write to are
# writable, as in RepX.
list_host_views() {
  while IFS=$tab read -r word value; do
    case $word,$value in
      mount,/dev/*) [ ! -e "$value" ] || printf 'dev\t%s\n' "$value" ;;
      mount,*) [ ! -e "$value" ] || printf 'rw\t%s\n' "$value" ;;
    esac
  done <"$private/runtime"
  [ -n "$host_files" ] || return 0
  for entry in /*; do
    case $entry in
      /dev | /proc | /sys | /nix) ;;
      /home | /tmp | /var | /opt | /srv | /mnt | /media | /run) printf 'rw\t%s\n' "$entry" ;;
      *) [ ! -d "$entry" ] || [ -L "$entry" ] || printf 'ro\t%s\n' "$entry" ;;
    esac
  done
}

# Whether the base path would be seen with a folder above it: the token of the submission, and what others left, writable.
is_base_in_view() {
  list_host_views | {
    while IFS=$tab read -r _ path; do
      case $base/ in "${path%/}"/*) return 0 ;; esac
    done
    return 1
  }
}

# find_tool <name>: the node's own, else the Lab's. Prints its path.
find_tool() {
  command -v "$1" || { [ -n "$tools" ] && [ -x "$tools/$1" ] && printf '%s\n' "$tools/$1"; }
}
