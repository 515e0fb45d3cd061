# Builder of the Lab: writes the tables of buildLab.nix as files, then the closure, then the list of all files with hashes.
# A fork for each kind of file, none for each job: a Lab may have tens of thousands.
set -euo pipefail
export LC_ALL=C
mkdir "$out"
cd "$out"

list_folders() { awk -F '\t' '{ sub(/\/[^\/]*$/, "", $1); print $1 }' "$textsPath" "$scriptsPath" | sort -u; }
list_folders | xargs mkdir -p lab closure readme store

while IFS=$'\t' read -r path text; do
  printf '%s' "$text" >"$path"
done <"$textsPath"

declare -A script_texts=()
while IFS=$'\t' read -r path source; do
  [[ -n ${script_texts["$source"]+read} ]] || script_texts["$source"]=$(<"$source")
  printf '%s\n' "${script_texts["$source"]}" >"$path"
done <"$scriptsPath"
cut -f 1 "$scriptsPath" | xargs chmod 0555

# host-tools/<hash>/bin/<tool> -> store/<package>-<tool>; the hash is that of the packages' names.
tool_names=()
while IFS=$'\t' read -r name source; do
  package=${source#"$NIX_STORE/"}
  tool_names+=("${package%%/*}-$name")
  cp "$source" "store/${tool_names[-1]}"
done <"$toolsPath"
tools_hash=$(printf '%s' "${tool_names[@]}" | sha256sum)
tools_bin=host-tools/${tools_hash%% *}/bin
mkdir -p "$tools_bin"
for name in "${tool_names[@]}"; do
  ln -s "../../../store/$name" "$tools_bin/${name##*-}"
done

# The graph lists a path, its deriver, the count of its references and these; only store paths are lines that begin so
# and derivers end in .drv.
grep -h "^$NIX_STORE/" "$NIX_BUILD_TOP"/references-* | grep -v '\.drv$' | sort -u >closure/store-paths

cat >readme/README.md <<README
# Lab

Built by RepX. \`lab/lab-metadata.json\` names every file with its SHA-256; \`revision/\` describes runs and jobs;
\`jobs/<id>/bin/\` holds what a job executes; \`closure/store-paths\` is the software that the jobs need.
README

lab_id=${out##*/}
find -L . -type f | cut -c 3- | sort | xargs sha256sum | awk -v id="${lab_id%%-*}" -v version="$labVersion" '
  BEGIN { printf "{\"files\":[" }
  { printf "%s{\"path\":\"%s\",\"sha256\":\"%s\"}", (NR > 1 ? "," : ""), $2, $1 }
  END { printf "],\"labId\":\"%s\",\"lab_version\":\"%s\",\"metadata\":\"revision/metadata-top.json\"}", id, version }
' >"$NIX_BUILD_TOP/lab-metadata.json"
mv "$NIX_BUILD_TOP/lab-metadata.json" lab/lab-metadata.json
