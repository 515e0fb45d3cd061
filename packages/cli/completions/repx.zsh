#compdef repx
# Completions of repx for zsh: the program itself says what may stand at the cursor.
_repx() {
  local answer
  local -a candidates
  answer=$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2> /dev/null) || return 1
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
