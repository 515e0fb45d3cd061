# Part of repx-epilog-kit: slurm.conf, read, and written only with --write.
conf_mark='# repx-epilog-kit: rings when a job ends. `repx-epilog-kit uninstall --write` takes these lines out.'

render_lines() {
  if [ "$as" = jobcomp ]; then
    printf 'JobCompType=jobcomp/script\nJobCompLoc=%s\n' "$hook"
  else
    printf 'EpilogSlurmctld=%s\n' "$hook"
  fi
}

# Says whether slurmctld, or its file, names our hook (ours), something else in its place (other), or nothing (none).
# An administrator's own script that calls ours counts as other, and so does a pattern: ask those by `self-test --submit`.
tell_conf() {
  if names_hook "$(read_live EpilogSlurmctld) $(read_conf EpilogSlurmctld) $(read_live JobCompLoc) $(read_conf JobCompLoc)"; then
    echo ours
  elif [ -n "$(list_others)" ]; then echo other; else echo none; fi
}

names_hook() {
  case " $(echo $1) " in *" $hook "*) return 0 ;; *) return 1 ;; esac
}

list_others() {
  if [ "$as" = jobcomp ]; then
    kind=$(read_conf JobCompType)
    case ${kind:-$(read_live JobCompType)} in '' | *none) ;; *) echo "${kind:-$(read_live JobCompType)}" ;; esac
  else
    others=$(read_live EpilogSlurmctld)
    echo ${others:-$(read_conf EpilogSlurmctld)}
  fi
}

# The old file stays under a second name (a link: same owner, mode and text), the new one comes by rename.
write_lines() {
  file=$(readlink -f -- "$conf") old=$file.before-repx-epilog
  require_safe_parents "$file"
  new=$(mktemp -- "$file.XXXXXX") || fail "cannot write beside $file"
  if cp --preserve=all -- "$file" "$new" && render_new_conf "$file" >"$new" && sync -- "$new"; then
    ln -- "$file" "$old" 2>/dev/null || { rm -f -- "$new"; fail "cannot keep the old file as $old" "Is there one already? Move it away."; }
    mv -fT -- "$new" "$file" || { rm -f -- "$new" "$old"; fail "cannot write $file"; }
  else
    rm -f -- "$new"
    fail "cannot write beside $file (disk full?)"
  fi
  say "written    $file; the old one is $old"
}

render_new_conf() {
  cat -- "$1" || return 1
  # A last line without its end would run into ours.
  [ -z "$(tail -c 1 -- "$1")" ] || echo
  printf '%s\n' "$conf_mark" && render_lines
}

# When nobody changed the file since, the old one comes back as it was; else only our lines go.
take_lines_out() {
  file=$(readlink -f -- "$conf") old=$file.before-repx-epilog
  grep -qxF "$conf_mark" "$file" || return 0
  require_safe_parents "$file"
  if [ -f "$old" ] && [ ! -L "$old" ] && render_new_conf "$old" | cmp -s - "$file"; then
    mv -fT -- "$old" "$file" || fail "cannot write $file"
    say "restored   $file"
    return
  fi
  new=$(mktemp -- "$file.XXXXXX") || fail "cannot write beside $file"
  if cp --preserve=all -- "$file" "$new" && awk -v mark="$conf_mark" -v hook="$hook" '
    $0 == mark { ours = 1; next }
    ours && ($0 == "EpilogSlurmctld=" hook || $0 == "JobCompType=jobcomp/script" || $0 == "JobCompLoc=" hook) { next }
    { ours = 0; print }' "$file" >"$new" && sync -- "$new" && mv -fT -- "$new" "$file"; then
    say "written    $file without our lines"
  else
    rm -f -- "$new"
    fail "cannot write $file"
  fi
}
