# Builder of the Lab: writes the tables of buildLab.nix as files, then the closure, then the list of all files with hashes.
# A process for each kind of file, none for each job: a Lab may have tens of thousands.
set -euo pipefail
export LC_ALL=C
mkdir "$out"
cd "$out"

list_folders() { awk -F '\t' '{ sub("/[^/]*$", "", $1) } !listed[$1]++ { print $1 }' "$scriptsPath" "$textsPath"; }

write_texts() {
  awk '{ end = index($0, "\t"); path = substr($0, 1, end - 1); printf "%s", substr($0, end + 1) >path; close(path) }' "$textsPath"
}

# Writes a script for as many jobs at once as a process may hold files open; the table comes sorted by script.
write_scripts() {
  local row source='' most=500
  local -a rows targets=()
  sort -t $'\t' -k 2 "$scriptsPath" >"$NIX_BUILD_TOP/scripts-sorted"
  mapfile -t rows <"$NIX_BUILD_TOP/scripts-sorted"
  for row in "${rows[@]}" ''; do
    if [[ ${row#*$'\t'} != "$source" || ${#targets[@]} -eq $most ]]; then
      [[ ${#targets[@]} -eq 0 ]] || tee "${targets[@]}" <"$source" >/dev/null
      source=${row#*$'\t'} targets=()
    fi
    targets+=("${row%%$'\t'*}")
  done
  cut -f 1 "$scriptsPath" | xargs -r chmod 0555
}

# host-tools/<hash>/bin/<tool> -> store/<package>-<program>; several tools may be one program that looks at its name.
# The hash is that of the names in store/.
write_host_tools() {
  local n package tools_bin tools_hash
  local -a patterns sources programs names=()
  mapfile -t patterns <"$toolsPath"
  # Unquoted: a pattern may stand for all programs of a package.
  sources=(${patterns[@]})
  realpath "${sources[@]}" >"$NIX_BUILD_TOP/programs"
  mapfile -t programs <"$NIX_BUILD_TOP/programs"
  for n in "${!sources[@]}"; do
    package=${programs[n]#"$NIX_STORE/"}
    names[n]=${package%%/*}-${programs[n]##*/}
    [[ -e store/${names[n]} ]] || cp "${programs[n]}" "store/${names[n]}"
  done
  tools_hash=$(printf '%s' "${names[@]}" | sha256sum)
  tools_bin=host-tools/${tools_hash%% *}/bin
  mkdir -p "$tools_bin"
  for n in "${!sources[@]}"; do
    ln -s "../../../store/${names[n]}" "$tools_bin/${sources[n]##*/}"
  done
}

# The graph lists a path, its deriver, the count of its references and these.
list_closure() {
  awk -v roots="$rootsPath" '$0 != roots { print } { getline; getline; for (count = $0; count > 0; count--) getline }' \
    "$NIX_BUILD_TOP/references" | sort
}

write_readme() {
  cat >readme/README.md <<README
# Lab

Built by RepX. \`lab/lab-metadata.json\` names every file with its SHA-256; \`revision/\` describes runs and jobs;
\`jobs/<id>/bin/\` holds what a job executes; \`closure/store-paths\` is the software that the jobs need.
README
}

# Prints lines `<hash>  <path>`. A script is read once however many jobs have it; an image's layer has its hash in its name.
list_hashes() {
  {
    cut -f 1 "$textsPath"
    find -L closure host-tools readme store -type f ! -name '*-layer.tar'
    [[ -z $imagesFolder ]] || find images -type f
  } | xargs sha256sum
  cut -f 2 "$scriptsPath" | sort -u | xargs -r sha256sum |
    awk -F '\t' 'FNR == NR { hash[substr($0, 67)] = substr($0, 1, 64); next } { print hash[$2] "  " $1 }' - "$scriptsPath"
  [[ -z $imagesFolder ]] || find -L images store -name '*layer.tar' | awk -F '[/-]' '{ print $(NF - 1) "  " $0 }'
}

render_manifest() {
  local lab_id=${out##*/}
  list_hashes | sort -k 2 | awk -v id="${lab_id%%-*}" '
    BEGIN { printf "{\"files\":[" }
    { printf "%s{\"path\":\"%s\",\"sha256\":\"%s\"}", (NR > 1 ? "," : ""), $2, $1 }
    END { printf "],\"labId\":\"%s\",\"lab_version\":%s,\"metadata\":\"revision/metadata-top.json\"}", id, ENVIRON["labVersionJson"] }
  '
}

mkdir -p closure lab readme store
# Two processes at once: making an inode is the processor's work, most of it the kernel's.
list_folders | xargs -P 2 -n 4000 mkdir -p
# Nix takes the permission to write from each file that has it.
umask 0222
write_texts &
write_scripts
wait $!
umask 0022
write_host_tools
if [[ -n $imagesFolder ]]; then
  cp -RP "$imagesFolder/images" .
  find "$imagesFolder/store" -type f | xargs cp -t store
fi
list_closure >closure/store-paths
write_readme
render_manifest >lab/lab-metadata.json
