# SPDX-License-Identifier: GPL-2.0-only
# Fish completion of sriovctl, which itself knows what may be typed next.

function __sriovctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] --complete $words[2..-1] 2>/dev/null)
    switch "$lines[1]"
        case :file
            __fish_complete_path (commandline -ct)
        case :command
            # A command line of its own, behind "--".
            set -l at (contains -i -- -- $words)
            set -l rest $words[(math $at + 1)..-1]
            complete -C (string join ' ' -- (string escape -- $rest[1..-2]) $rest[-1])
        case '*'
            printf '%s\n' $lines
    end
end

complete -c sriovctl -f -a '(__sriovctl_complete)'
