# Part of repx-epilog-kit: what it was told, and what the site is like.
action='' hook='' spool=/var/spool/repx conf='' write='' submit='' submitter=${SUDO_USER:-root} patience=120 as=epilogctld

read_words() {
  case ${1-} in
    install | self-test | uninstall) action=$1 && shift ;;
    --help | -h | help) usage && exit 0 ;;
    *) usage >&2 && exit 64 ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      --to | --spool | --conf | --user | --wait)
        [ -n "${2-}" ] || { usage >&2 && exit 64; }
        case $1 in
          --to) hook=$2 ;;
          --spool) spool=$2 ;;
          --conf) conf=$2 ;;
          --user) submitter=$2 ;;
          --wait) patience=$2 ;;
        esac
        shift
        ;;
      --write) write=1 ;;
      --submit) submit=1 ;;
      --jobcomp) as=jobcomp ;;
      --help | -h) usage && exit 0 ;;
      *) usage >&2 && exit 64 ;;
    esac
    shift
  done
  case $patience in '' | *[!0-9]*) usage >&2 && exit 64 ;; esac
}

# Sets conf, hook, slurm_user, slurm_uid, slurm_gid, and `live` to what slurmctld says, or to nothing.
read_settings() {
  [ "$(id -u)" = 0 ] || fail "only root can do that" "sudo $0 $action"
  [ -z "$conf" ] || export SLURM_CONF="$conf"
  live=$(timeout 10 scontrol show config 2>/dev/null) || live=''
  conf=${conf:-$(read_live SLURM_CONF)}
  conf=${conf:-${SLURM_CONF:-/etc/slurm/slurm.conf}}
  [ -f "$conf" ] || fail "there is no $conf" "Run it on the host of slurmctld, or name slurm.conf with --conf."
  slurm_user=$(read_live SlurmUser)
  slurm_user=${slurm_user%%(*}
  slurm_user=${slurm_user:-$(read_conf SlurmUser)}
  # slurm.conf(5): root where nothing is said.
  slurm_user=${slurm_user:-root}
  slurm_uid=$(id -u -- "$slurm_user" 2>/dev/null) && slurm_gid=$(id -g -- "$slurm_user") ||
    fail "there is no user $slurm_user, who is SlurmUser in $conf" "Run it on the host of slurmctld."
  hook=${hook:-$(dirname -- "$(readlink -f -- "$conf")")/repx-epilog}
  for path in "$hook" "$spool"; do
    # slurm.conf has no quotes for a path, and a shell reads it back.
    case $path in
      *[!A-Za-z0-9/._-]* | [!/]* | */../* | */.. | */./* | */) fail "$path is not a plain absolute path" ;;
    esac
  done
  case ${hook##*/} in
    *repx-epilog*) ;;
    *) fail "${hook##*/} does not say repx-epilog: doctor, and the next administrator, would not know it" ;;
  esac
}

# A value of slurmctld's own word; 23.11 and later list several under NAME[0], NAME[1].
read_live() {
  printf '%s\n' "$live" | sed -n "s/^$1\(\[[0-9]*\]\)\{0,1\}  *= \(.*\)\$/\2/p" | grep -vx '(null)' | head -n 5
}

# A value of slurm.conf as the file has it: names in any case, comments away, the last one counts.
read_conf() {
  awk -v name="$1" 'BEGIN { name = tolower(name) }
    { sub(/#.*/, "") }
    match(tolower($0), "(^|[ \t])" name "[ \t]*=[ \t]*") { value = substr($0, RSTART + RLENGTH); sub(/[ \t].*/, "", value) }
    END { print value }' "$conf"
}

# Says what lets anybody but root change what a path leads to; nothing when all is well. With a second user: or him.
find_open_folder() {
  folder=$1
  while :; do
    folder=$(dirname -- "$folder")
    if [ -L "$folder" ]; then say "$folder is a link" && return; fi
    [ -d "$folder" ] || { say "there is no folder $folder" && return; }
    set -- $(stat -c '%u %g %a' -- "$folder")
    [ "$1" = 0 ] || { say "$folder does not belong to root" && return; }
    case $3 in
      *[2367]) say "everybody may change $folder" && return ;;
      *[2367]?) [ "$2" = 0 ] || { say "a group other than root's may change $folder" && return; } ;;
    esac
    [ "$folder" != / ] || return 1
  done
}

require_safe_parents() {
  ! wrong=$(find_open_folder "$1") || fail "$wrong" "Choose a place for $1 that only root can change (--to, --spool)."
}

# Says what is wrong with the spool; fails when nothing is.
find_spool_fault() {
  if [ -L "$spool" ] || [ ! -d "$spool" ]; then say "$spool is no folder" && return; fi
  set -- $(stat -c '%u %a' -- "$spool")
  [ "$1" = "$slurm_uid" ] || { say "$spool does not belong to $slurm_user" && return; }
  case $2 in
    *[2367] | *[2367]?) say "others than $slurm_user may write in $spool" ;;
    *[!57]) say "not everybody may read $spool" ;;
    *) return 1 ;;
  esac
}

is_ours_or_absent() {
  if [ ! -e "$1" ] && [ ! -L "$1" ]; then return 0; fi
  [ -f "$1" ] && [ ! -L "$1" ] && [ "$(sed -n '2s/^# \(repx-epilog\):.*/\1/p' "$1")" = repx-epilog ]
}

as_slurm() {
  if [ "$slurm_uid" = 0 ]; then "$@"; else setpriv --reuid "$slurm_uid" --regid "$slurm_gid" --clear-groups -- "$@"; fi
}
