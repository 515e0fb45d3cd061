/** POSIX sh: adds deployed host tools behind those of the target to PATH, unless they are for another machine. Reads `$base`. */
export const FIND_TOOLS = String.raw`
LC_ALL=C
export LC_ALL
unset TAR_OPTIONS
for tools in "$base"/host-tools/*/bin; do
  for probe in busybox bash zstd; do
    [ -x "$tools/$probe" ] && "$tools/$probe" --help >/dev/null 2>&1 </dev/null && PATH=$PATH:$tools && break
  done
done
`;
