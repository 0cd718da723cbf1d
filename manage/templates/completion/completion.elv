# Completion of {{ program }} for elvish. To install it:
#     {{ install }}
# Elvish knows a completion by the word on the line: a path such as ./target/debug/{{ program }} needs a line of its own,
#     set edit:completion:arg-completer[./target/debug/{{ program }}] = $edit:completion:arg-completer['{{ program }}']

set edit:completion:arg-completer['{{ program }}'] = {|@words|
    use str
    try {
        (external $words[0]) __complete elvish $@words 2>/dev/null </dev/null | from-lines | each {|line|
            var value = (str:split &max=2 "\t" $line | take 1)
            var help = (str:trim-prefix (str:trim-prefix $line $value) "\t")
            if (eq $help '') {
                edit:complex-candidate $value
            } else {
                edit:complex-candidate $value &display=$value' ('$help')'
            }
        }
    } catch e {
        nop $e
    }
}
