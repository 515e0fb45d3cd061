# Builder of images: a layer for each store path, the same bytes on every machine, and what RepX and podman load them by.
set -euo pipefail
export LC_ALL=C
umask 0022
tab=$'\t'
# Storage drivers refuse more than 128 layers. Here an image has at most 100: the base, these, and one for the rest.
single_layers=98
mkdir -p "$out/store" "$out/images"
cd "$NIX_BUILD_TOP"

# Prints lines `<image><tab><path>`: what each image's roots name, by the hash in a path, and all that this refers to.
list_contents() {
  awk -F '\t' -v store="$NIX_STORE/" '
    function take(image, path) {
      if (path == "" || (image, path) in taken) return
      taken[image, path] = 1
      queue[++last] = image "\t" path
    }
    FNR == NR { # the graph: a path, its deriver, the count of its references and these
      path = $0
      path_of[substr(path, length(store) + 1, 32)] = path
      getline
      getline
      for (count = $0; count > 0; count--) { getline; references[path] = references[path] " " $0 }
      next
    }
    {
      text = $2
      while ((at = index(text, store)) > 0) {
        text = substr(text, at + length(store))
        take($1, path_of[substr(text, 1, 32)])
      }
    }
    END {
      for (next_item = 1; next_item <= last; next_item++) {
        print queue[next_item]
        split(queue[next_item], item, "\t")
        count = split(references[item[2]], names, " ")
        for (n = 1; n <= count; n++) take(item[1], names[n])
      }
    }' references "$imagesPath" | sort
}

# Prints lines `<bytes> <path>` for each file below the contents: a folder's own size differs between file systems.
list_sizes() { cut -f 2 contents | sort -u | xargs "$shell" -c 'find "$@" -type f -exec stat -c "%s %n" {} +' find; }

# Prints lines `<image><tab><layer><tab><path>`: the largest paths are layers of their own, named by the path.
plan_layers() {
  awk -v store="$NIX_STORE/" '
    FNR == NR {
      if (index($0, " " store) == 0) next
      split(substr($0, index($0, store) + length(store)), parts, "/")
      size[store parts[1]] += $1
      next
    }
    { print $1 "\t" size[$2] + 0 "\t" $2 }' sizes contents |
    sort -t "$tab" -k 1,1 -k 2,2nr -k 3,3 |
    awk -F '\t' -v most="$single_layers" '
      $1 != image { image = $1; rank = 0 }
      { print $1 "\t" (++rank <= most ? $3 : "rest-of-" $1) "\t" $3 }' |
    sort
}

# write_tar <file> <tar argument>... What differs between machines and builds is left out of the headers.
write_tar() {
  tar --create --file "$1" --format gnu --sort name --mtime @1 --owner 0 --group 0 --numeric-owner --hard-dereference "${@:2}"
}

# What every image needs beside its store paths. A layer brings the folders above its files.
write_base() {
  mkdir -p base/{bin,dev,etc,proc,root,sys,tmp} "base$NIX_STORE"
  chmod 1777 base/tmp
  ln -s "$shell" base/bin/bash
  ln -s bash base/bin/sh
  printf 'root:x:0:0::/root:/bin/sh\n' >base/etc/passwd
  printf 'root:x:0:\n' >base/etc/group
  (cd base && write_tar "$out/store/base" -- *)
}

# Writes store/<digest>-layer.tar for each layer of the plan, each once; digest_of has them by name.
declare -A digest_of=()
write_layers() {
  local store=${NIX_STORE#/} count=0 name digest file
  local -a names=(base)
  cut -f 2 plan | sort -u >layers
  while read -r name; do
    awk -F '\t' -v layer="$name" '$2 == layer { print substr($3, 2) }' plan | sort -u >members
    write_tar "$out/store/$((++count))" --directory "$PWD/base" --no-recursion "${store%%/*}" "$store" \
      --directory / --recursion --files-from members
    names+=("$name")
  done <layers
  (cd "$out/store" && sha256sum base $(seq 1 "$count")) >digests
  count=0
  while read -r digest file; do
    digest_of[${names[count++]}]=$digest
    mv "$out/store/$file" "$out/store/$digest-layer.tar"
  done <digests
}

# render_list <item>... prints them as the inside of a JSON array of strings.
render_list() {
  local list
  printf -v list ',"%s"' "$@"
  printf '%s' "${list:1}"
}

# write_image <image>: the files of `docker save`, with links for the layers.
write_image() {
  local folder=$out/images/$1.tar name config_digest
  local -a digests=("${digest_of[base]}")
  awk -F '\t' -v image="$1" '$1 == image && !seen[$2]++ { print $2 }' plan >layers
  while read -r name; do digests+=("${digest_of[$name]}"); done <layers
  printf '{"architecture":"%s","config":{"Cmd":["/bin/bash"],"Env":["PATH=%s"],"WorkingDir":"/"},"created":"1970-01-01T00:00:01Z","os":"linux","rootfs":{"diff_ids":[%s],"type":"layers"}}' \
    "$architecture" "$imagePath" "$(render_list "${digests[@]/#/sha256:}")" >config
  config_digest=$(sha256sum <config)
  mkdir -p "${digests[@]/#/"$folder/"}"
  cp config "$folder/${config_digest%% *}.json"
  printf '[{"Config":"%s.json","Layers":[%s],"RepoTags":["%s:latest"]}]' \
    "${config_digest%% *}" "$(render_list "${digests[@]/%//layer.tar}")" "$1" >"$folder/manifest.json"
  for name in "${digests[@]}"; do ln -s "../../../store/$name-layer.tar" "$folder/$name/layer.tar"; done
}

list_contents >contents
list_sizes >sizes
plan_layers >plan
write_base
write_layers
cut -f 1 contents | sort -u >names
while read -r image; do write_image "$image"; done <names
