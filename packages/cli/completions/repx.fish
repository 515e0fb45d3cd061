# Completions of repx for fish: the program itself says what may stand at the cursor.
function __repx_complete
    set -l begun (commandline -ct)
    # In quotes: a word that is not begun yet is one all the same.
    set -l words (commandline -opc) "$begun"
    set -l answer ($words[1] complete -- $words[2..-1] 2>/dev/null)
    switch "$answer[1]"
        case :file
            __fish_complete_path "$begun"
        case :folder
            __fish_complete_directories "$begun"
        case '*'
            printf '%s\n' $answer
    end
end
complete -c repx -f -a '(__repx_complete)'
