# Completions of repx for bash: the program itself says what may stand at the cursor.
_repx() {
  local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} answer begun part word
  local -a words
  # Bash ends a word at = and @ as well; for repx it ends at a space.
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  answer=$("$1" complete -- "${words[@]:1}" 2> /dev/null) || return 0
  [[ $current == *[!=@:]* ]] || current=
  begun=${words[-1]}
  part=${begun%"$current"}
  # An @ that begins a word stays in it when Readline replaces the word.
  [[ $part == @ ]] && part=
  COMPREPLY=()
  case $answer in
    :file) compopt -o default ;;
    :folder) compopt -o dirnames ;;
    *)
      while IFS=$'\t' read -r word _; do
        [[ -n $word ]] && COMPREPLY+=("${word#"$part"}")
      done <<< "$answer"
      ;;
  esac
}
complete -F _repx repx
