# Completions of repx for bash: the program itself says what may stand at the cursor.
_repx() {
  local rest=${COMP_LINE:0:COMP_POINT} answer begun current part word index
  local -a words=()
  # Bash ends a word at = and @ as well; for repx it ends at a space that is not quoted.
  for ((index = 0; index <= COMP_CWORD; index++)); do
    [[ index -eq 0 || $rest == [[:space:]]* ]] && words+=("")
    rest=${rest#"${rest%%[![:space:]]*}"}
    part=${COMP_WORDS[index]}
    ((index < COMP_CWORD)) || part=$rest
    rest=${rest#"$part"}
    # A name that has quotes or backslashes itself is not completed.
    words[-1]+=${part//[\\\"\']/}
  done
  current=$part
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
