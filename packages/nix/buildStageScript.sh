# Builder of a stage script: reads the stage's own text with bash, with shellcheck where the package set has it, and for
# commands that no package of the stage has; then writes $out/bin/$program. Lines of messages count in the stage's own text.
set -euo pipefail
export LC_ALL=C

# repx_refuse <code> <message> <hint>
repx_refuse() {
  printf 'error[%s]: at stage %s: %s\nhint: %s\n' "$1" "$place" "$2" "$3" >&2
  exit 1
}

# repx_join <separator> <word>...
repx_join() {
  local separator=$1 joined=$2
  shift 2
  (($# == 0)) || printf -v joined '%s' "$joined" "${@/#/$separator}"
  printf '%s' "$joined"
}

# bash -n says nothing of a text that is right; it also tells of a here-document without an end.
repx_check_syntax() {
  local options=(-n) messages
  # bash -n does not run the line that would allow these patterns.
  [[ ! $(<script) =~ shopt[^$'\n']*extglob ]] || options+=(-O extglob)
  messages=$("$bashPath" "${options[@]}" script 2>&1) || :
  [[ -n $messages ]] || return 0
  messages=${messages#script: }
  repx_refuse LAB_SCRIPT_INVALID "bash cannot read the script: ${messages//$'\n'script: /; }" \
    "line 1 is the first line of what the stage's run returns; in a Nix string write ''\${name} for bash's \${name}"
}

# Only errors: a warning or a matter of style fails no build, nor do words split on purpose (SC2068). bash -n has the last
# word on syntax (SC1072, SC1073). The first line is none of the file's, so a comment there is no shebang gone wrong.
repx_check_suspicions() {
  local line status=0 findings=() rule=
  local exclude=SC1072,SC1073,SC2068,SC1084,SC1104,SC1113,SC1114,SC1115,SC1128,SC2096
  [[ -n $shellcheckPath ]] || return 0
  "$shellcheckPath" --norc --shell=bash --severity=error --exclude="$exclude" --format=gcc script >findings || status=$?
  # 1 is findings; more is shellcheck's own failure, whose words are on stderr.
  ((status < 2)) || exit "$status"
  while IFS= read -r line; do
    [[ $line =~ ^script:([0-9]+):[0-9]+:\ error:\ (.*\ \[(SC[0-9]+)\])$ ]] || continue
    findings+=("line ${BASH_REMATCH[1]}: ${BASH_REMATCH[2]}")
    rule=${rule:-${BASH_REMATCH[3]}}
  done <findings
  ((${#findings[@]} == 0)) || repx_refuse LAB_SCRIPT_SUSPECT "$(repx_join '; ' "${findings[@]}")" \
    "see https://www.shellcheck.net/wiki/$rule; where it is meant, write above the line: # shellcheck disable=$rule"
}

# repx_is_near <word> <name>: one letter is missing, too many, another or changed places.
repx_is_near() {
  local word=$1 name=$2 i
  for ((i = 0; i <= ${#word}; i++)); do
    [[ $name != "${word:0:i}"?"${word:i}" && $name != "${word:0:i}"?"${word:i+1}" ]] || return 0
    [[ $name != "${word:0:i}${word:i+1}" && $name != "${word:0:i}${word:i+1:1}${word:i:1}${word:i+2}" ]] || return 0
  done
  return 1
}

# repx_suggest <word> <function>...: a short word is near to too many others.
repx_suggest() {
  local word=$1 name folders names
  shift
  ((${#word} > 3)) || return 0
  IFS=: read -ra folders <<<"$stagePath"
  # Unquoted: each folder becomes its programs.
  names=("$@" ${folders[@]/%//*})
  for name in "${names[@]##*/}"; do
    ! repx_is_near "$word" "$name" || { printf ' (did you mean %s?)' "$name" && return; }
  done
}

# repx_name_package <command>: the attribute of nixpkgs that most likely has it; nothing for a file name.
repx_name_package() {
  case $1 in
    python) echo python3 ;;
    cc | g++ | c++) echo gcc ;;
    make | tar | patch | time) echo "gnu$1" ;;
    rg) echo ripgrep ;;
    Rscript) echo R ;;
    mpirun | mpiexec) echo openmpi ;;
    convert | magick) echo imagemagick ;;
    *.*) ;;
    *) echo "${1%%+*}" ;;
  esac
}

# The PATH of the job's host stays behind the stage's, so a command may run there although no package of the stage has it.
repx_check_commands() {
  local kind line word package words=() places=() packages=() functions=() be=is parser parsers=()
  for parser in $parserPaths; do
    parsers+=(-f "$parser")
  done
  awk "${parsers[@]}" script >commands
  while IFS=$'\t' read -r kind line word; do
    [[ $kind != function ]] || functions+=("$word")
    [[ $kind == command && -z $(PATH=$stagePath type -t -- "$word") ]] || continue
    words+=("$word")
    places+=("line $line: $word$(repx_suggest "$word" "${functions[@]}")")
    package=$(repx_name_package "$word")
    [[ -z $package || " ${packages[*]} " == *" pkgs.$package "* ]] || packages+=("pkgs.$package")
  done <commands
  ((${#words[@]} > 0)) || return 0
  ((${#words[@]} == 1)) || be=are
  repx_refuse LAB_COMMAND_UNDECLARED "$(repx_join ', ' "${places[@]}") $be not on the stage's PATH" \
    "add the package that has it to runDependencies, e.g. runDependencies = [ ${packages[*]-pkgs.hello} ]; for a command of the cluster write in the script: # repx: uses host command $(repx_join ', ' "${words[@]}")"
}

printf '\n' | cat "$bodyPath" - >script
repx_check_syntax
repx_check_suspicions
repx_check_commands
mkdir -p "$out/bin"
cat "$headerPath" script >"$out/bin/$program"
chmod 0555 "$out/bin/$program"
