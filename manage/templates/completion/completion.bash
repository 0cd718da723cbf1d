# Completion of {{ program }} for bash. To install it:
#     {{ install }}
# With the package bash-completion, instead: write it to ~/.local/share/bash-completion/completions/{{ program }}.

_{{ function }}_complete() {
    local program=${COMP_WORDS[0]} line
    [[ $program == '~/'* ]] && program=$HOME/${program:2}
    # The program on the line answers for itself. An alias is none that could be run.
    case $(type -t -- "$program" 2>/dev/null) in
        file | function) ;;
        *) program='{{ program }}' ;;
    esac
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$line")
    done < <("$program" __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

# Older ones cannot keep the order.
complete -o nosort -F _{{ function }}_complete '{{ program }}' 2>/dev/null ||
    complete -F _{{ function }}_complete '{{ program }}'
