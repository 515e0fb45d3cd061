#compdef repx
# Completions of repx for zsh: the program itself says what may stand at the cursor.
_repx() {
  local answer
  local -a candidates
  # Without their quotes and backslashes.
  answer=$("${(Q)words[1]}" complete -- "${(@Q)words[2,CURRENT]}" 2> /dev/null) || return 1
  # What comes before a path is not part of it: --lab=PATH.
  [[ $answer == :* ]] && compset -P '--*='
  case $answer in
    '') return 1 ;;
    :file) _files ;;
    :folder) _files -/ ;;
    *)
      candidates=("${(@f)answer}")
      candidates=("${(@)candidates//:/\\:}")
      candidates=("${(@)candidates/$'\t'/:}")
      _describe repx candidates
      ;;
  esac
}
compdef _repx repx
