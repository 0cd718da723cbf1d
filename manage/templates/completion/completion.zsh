#compdef {{ program }}
# Completion of {{ program }} for zsh. To install it:
#     {{ install }}
# Or, instead: write it to a file _{{ program }} in a directory of $fpath.

_{{ function }}() {
    local program=${(Q)words[1]} line value
    local -a before plain open
    [[ $program == '~/'* ]] && program=$HOME/${program#'~/'}
    # The program on the line answers for itself.
    if ! (( $+commands[$program] || $+functions[$program] )) && [[ ! -x $program || -d $program ]]; then
        program='{{ program }}'
    fi
    before=("${(@Q)words[1,CURRENT-1]}")
    local current=${(Q)PREFIX}
    # A home directory stays unquoted, so that it is still expanded.
    local home=''
    if [[ $PREFIX == '~/'* ]]; then
        home='~/'
        compset -P '\~/'
    fi
    for line in "${(@f)$("$program" __complete zsh "${before[@]}" "$current" 2>/dev/null </dev/null)}"; do
        [[ -n $line ]] || continue
        value=${${line%%$'\t'*}#$home}
        value=${${value//\\/\\\\}//:/\\:}
        [[ $line == *$'\t'* ]] && value+=:${line#*$'\t'}
        if [[ ${line%%$'\t'*} == *[/=] ]]; then open+=("$value"); else plain+=("$value"); fi
    done
    local -i found=1
    (( $#plain )) && _describe -V 'values' plain && found=0
    (( $#open )) && _describe -V 'values' open -S '' && found=0
    return found
}

if [[ $funcstack[1] == _{{ function }} || $funcstack[1] == _{{ program }} ]]; then
    _{{ function }} "$@"
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
    compdef _{{ function }} '{{ program }}'
fi
