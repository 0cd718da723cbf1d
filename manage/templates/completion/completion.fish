# Completion of {{ program }} for fish. To install it:
#     {{ install }}

function __{{ function }}_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l program (string replace --regex '^~/' "$HOME/" -- $words[1])
    # The program on the line answers for itself.
    type --query -- $program
    or set program '{{ program }}'
    $program __complete fish $words (commandline --current-token --cut-at-cursor) 2>/dev/null </dev/null
end

complete --command '{{ program }}' --no-files --keep-order --arguments '(__{{ function }}_complete)'
