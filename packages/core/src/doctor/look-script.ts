/**
 * POSIX sh: says what a target is like, one line a finding. Needs coreutils and does without any of them.
 * Words: mark, base path, address of the coordinator or nothing, `slurm` where there is to be one. It makes one small folder
 * in the base path, or where that would be made, and removes it. Where there is timeout(1), no program takes longer than 10
 * seconds, and a base path that does not answer in that time is left alone.
 */
export const LOOK_SCRIPT = String.raw`
set -u
mark=$1 base=$2 coordinator=$3 scheduler=$4
line_feed='
'
export LC_ALL=C
say() { value=${"$"}{2-}; printf '%s\n' "$1 ${"$"}{value%%"$line_feed"*}"; }
has() { command -v "$1" >/dev/null 2>&1; }
within() {
  seconds=$1; shift
  if has timeout; then timeout "$seconds" "$@"; else "$@"; fi
}
printf '\nbegin %s\n' "$mark"
say time "$(date +%s 2>/dev/null)"
say user "$(id -un 2>/dev/null || id -u 2>/dev/null)"

# As sshd starts it; bash reads ~/.bashrc then, which it does only at level 0 or 1.
say shell "${"$"}{SHELL-}"
if [ -x "${"$"}{SHELL-}" ]; then
  printed=$(SHLVL=0; export SHLVL; within 5 "$SHELL" -c : </dev/null 2>/dev/null; echo x)
  printed=${"$"}{printed%x}
  shown=${"$"}{printed#"${"$"}{printed%%[![:space:]]*}"}
  [ -z "$printed" ] || say prints "${"$"}{shown:-blank lines}"
fi

look_at_base() {
  [ ! -L "$base" ] || say base-link "$(readlink "$base" 2>/dev/null)"
  say base-at "$at"
  [ -d "$at" ] || say base-file "$at"
  probe=$at/.repx-doctor.$$
  trap 'rm -rf "$probe"' EXIT
  if said=$( (umask 077 && within 10 mkdir "$probe" && within 10 mkdir "$probe/b" && echo x >"$probe/a") 2>&1); then
    say writable
    if said=$(within 10 ln "$probe/a" "$probe/b/a" 2>&1); then say links; else say no-links "$said"; fi
    { printf '#!/bin/sh\nexit 0\n' >"$probe/run" && within 10 chmod 700 "$probe/run" && within 10 "$probe/run"; } 2>/dev/null && say executable
  else
    say unwritable "$said"
  fi
  within 10 rm -rf "$probe"
  for folder in artifacts artifacts/store artifacts/jobs artifacts/labs artifacts/images bin host-tools outputs submissions; do
    [ ! -e "$base/$folder" ] || { [ -d "$base/$folder" ] && [ -w "$base/$folder" ] && [ -x "$base/$folder" ]; } || say closed "$folder"
  done
  say space "$(within 10 df -Pk "$at" 2>/dev/null | { read -r _; read -r last; printf %s "${"$"}{last-}"; })"
  say files "$(within 10 df -Pi "$at" 2>/dev/null | { read -r _; read -r last; printf %s "${"$"}{last-}"; })"
}
# A file system that hangs answers no question about any path in it.
is_slow=
at=$(within 10 sh -c 'at=$1
while [ ! -e "$at" ] && [ ! -L "$at" ] && [ "$at" != / ]; do at=${"$"}{at%/*}; at=${"$"}{at:-/}; done
: "$at"/host-tools/*/bin/* "$at"/submissions/*
printf %s "$at"' at "$base") || is_slow=yes
if [ -n "$is_slow" ]; then say base-slow "$base"; else look_at_base; fi
# Blocks of 1 KiB: used, soft and hard limit, then the same for files; for this file system alone.
if [ -z "$is_slow" ] && has quota; then
  within 10 quota -w -p -f "$at" 2>/dev/null | while read -r device row; do
    case $device in /* | *:*) say quota "$row" ;; esac
  done
fi

for tool in cat chmod cut date dd df head id ln mkdir mv readlink rm sha256sum sleep sort stat tail tar touch \
  tr uname wc timeout mkfifo nproc zstd openssl awk curl find grep nohup sed setsid xargs env; do
  if has "$tool"; then say has "$tool"; continue; fi
  [ -z "$is_slow" ] || continue
  for place in "$base"/host-tools/*/bin/"$tool"; do [ ! -x "$place" ] || { say deployed "$tool"; break; }; done
done
say tar "$(tar --version 2>/dev/null)"
[ ! -d /nix/store ] || say nix-store
if has unshare && within 5 unshare --user --map-root-user --mount true 2>/dev/null; then say namespaces; fi

if [ "$scheduler" = slurm ]; then
  for tool in sbatch squeue scancel scontrol sacct sinfo; do ! has "$tool" || say has "$tool"; done
  if has sbatch; then say slurm-version "$(within 10 sbatch --version 2>/dev/null)"; fi
  rings=${"$"}{REPX_SPOOL:-/var/spool/repx}
  if [ -d "$rings" ] && [ -r "$rings" ]; then say epilog-spool "$rings"; fi
  silent=
  if has scontrol; then
    if answer=$(within 10 scontrol show config 2>&1); then
      printf '%s\n' "$answer" | while read -r key equals value; do
        case $key in
        MaxArraySize | EpilogSlurmctld* | JobCompType | JobCompLoc | AccountingStorageType)
          [ "$equals" = = ] || continue
          say "slurm-$key" "$value"
          # A site's own program may call ours; a pattern names several, ours perhaps among them.
          case $value in
          /*) for file in ${"$"}{value%% *}; do
              case $file in *repx-epilog*) say epilog-caller "$value"; break ;; esac
              while read -r line; do case $line in *repx-epilog*) say epilog-caller "$value"; break ;; esac; done <"$file"
            done ;;
          esac 2>/dev/null ;;
        esac
      done
    else
      silent=yes
      say slurm-silent "$answer"
    fi
  fi
  if [ -z "$silent" ] && has sinfo; then within 10 sinfo -h -o '%P %a %D' 2>/dev/null | while read -r row; do say partition "$row"; done; fi
fi

[ -z "$is_slow" ] || base=/nowhere
for file in "$base"/submissions/*/relay.pid; do
  { read -r pid where <"$file"; } 2>/dev/null || continue
  id=${"$"}{file%/relay.pid}
  if [ "$where" != "$(uname -n)" ]; then say relay-elsewhere "${"$"}{id##*/} $where"
  elif kill -0 "$pid" 2>/dev/null; then say relay-alive "${"$"}{id##*/}"
  else say relay-dead "${"$"}{id##*/}"; fi
done
if [ -n "$coordinator" ] && has curl; then
  say coordinator "$(within 8 curl -q -sS -o /dev/null -w '%{http_code}' --connect-timeout 5 --max-time 5 "$coordinator/healthz" 2>&1)"
fi
printf 'end %s\n' "$mark"
`;
