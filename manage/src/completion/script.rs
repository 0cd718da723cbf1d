//! The completion scripts of the shells, and how to install them.

use super::Shell;

const BASH: &str = include_str!("../../templates/completion/completion.bash");
const ZSH: &str = include_str!("../../templates/completion/completion.zsh");
const FISH: &str = include_str!("../../templates/completion/completion.fish");
const POWERSHELL: &str = include_str!("../../templates/completion/completion.ps1");
const ELVISH: &str = include_str!("../../templates/completion/completion.elv");

/// Returns the command that installs the completion of a program in a shell.
pub(crate) fn install(shell: Shell, program: &str) -> String {
    let print = format!("{program} completion {}", shell.name());
    match shell {
        Shell::Bash => format!("{print} >> ~/.bashrc"),
        Shell::Zsh => format!("{print} >> ~/.zshrc"),
        Shell::Fish => format!("{print} > ~/.config/fish/completions/{program}.fish"),
        Shell::PowerShell => format!("{print} >> $PROFILE"),
        Shell::Elvish => format!("{print} >> ~/.config/elvish/rc.elv"),
    }
}

/// Returns the script that completes the command lines of a program in a shell. It runs the program that is
/// on the line, so that each project's `manage` completes its own commands.
pub(crate) fn script(shell: Shell, program: &str) -> String {
    let template = match shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
        Shell::PowerShell => POWERSHELL,
        Shell::Elvish => ELVISH,
    };
    let function: String =
        program.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    template
        .replace("{{ install }}", &install(shell, program))
        .replace("{{ function }}", &function)
        .replace("{{ program }}", program)
}
