/** POSIX sh: adds deployed host tools behind those of the target to PATH. Reads `$base`. */
export const FIND_TOOLS = String.raw`
LC_ALL=C
export LC_ALL
unset TAR_OPTIONS
for tools in "$base"/host-tools/*/bin; do
  [ -d "$tools" ] && PATH=$PATH:$tools
done
`;
