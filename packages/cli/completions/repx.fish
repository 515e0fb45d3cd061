# Completions of repx for fish: the program itself says what may stand at the cursor.
function __repx_complete
    set -l begun (commandline -ct)
    # In quotes: a word that is not begun yet is one all the same.
    set -l words (commandline -opc) "$begun"
    set -l answer ($words[1] complete -- $words[2..-1] 2>/dev/null)
    switch "$answer[1]"
        case :file :folder
            # What comes before a path is not part of it: --lab=PATH.
            set -l flag (string match -r '^--[^=]*=' -- "$begun")
            set -l path (string replace -r '^--[^=]*=' '' -- "$begun")
            if test "$answer[1]" = :file
                printf "%s\n" "$flag"(__fish_complete_path "$path")
            else
                printf "%s\n" "$flag"(__fish_complete_directories "$path")
            end
        case '*'
            printf '%s\n' $answer
    end
end
complete -c repx -f -a '(__repx_complete)'
