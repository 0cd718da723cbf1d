use crate::completion::{Shell, script};
use crate::prelude::*;

/// Print the script that completes command lines in a shell
///
/// One line installs it:
///   bash        manage completion bash >> ~/.bashrc
///   zsh         manage completion zsh >> ~/.zshrc
///   fish        manage completion fish > ~/.config/fish/completions/manage.fish
///   powershell  manage completion powershell >> $PROFILE
///   elvish      manage completion elvish >> ~/.config/elvish/rc.elv
///
/// It works in shells that are started afterwards, and need not be done again when commands change: the script asks the
/// program that stands on the line, also when it is called by a path, as in ./target/debug/manage. With the package
/// bash-completion the script may be ~/.local/share/bash-completion/completions/manage instead; for zsh, _manage in a folder
/// of $fpath. What goes wrong while it asks is written to ~/.local/state/manage/completion.log.
#[command(requires_checks = "none")]
pub(crate) fn completion(
    cx: &mut Context,
    /// The shell to print the script of
    shell: Shell,
) -> Result<()> {
    Ok(cx.out().print(script(shell, cx.program().name()))?)
}
