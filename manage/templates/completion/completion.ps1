# Completion of {{ program }} for PowerShell. To install it:
#     {{ install }}

Register-ArgumentCompleter -Native -CommandName '{{ program }}' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $words = @(foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -lt $cursorPosition) {
            if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
            else { $element.Extent.Text }
        }
    })
    if ($words.Count -eq 0) { return }
    # The program on the line answers for itself.
    $program = $words[0]
    if (-not (Get-Command -Name $program -CommandType Application -ErrorAction Ignore)) { $program = '{{ program }}' }
    # Older versions hand on no empty argument, hence the colon.
    $typed = @(($words + @("$wordToComplete")) | ForEach-Object { ":$_" })
    & $program '__complete' 'powershell' @typed 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        if (-not $help) { $help = $value }
        $text = $value
        if ($value -match '[\s''"`$;,(){}|&<>@#]') { $text = "'" + $value.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
