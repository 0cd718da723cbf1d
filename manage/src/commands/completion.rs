use crate::completion::{Shell, script};
use crate::prelude::*;

/// Print the completion script for a shell
///
/// To install it, run one of:
///   bash        manage completion bash >> ~/.bashrc
///   zsh         manage completion zsh >> ~/.zshrc
///   fish        manage completion fish > ~/.config/fish/completions/manage.fish
///   powershell  manage completion powershell >> $PROFILE
///   elvish      manage completion elvish >> ~/.config/elvish/rc.elv
///
/// Start a new shell afterwards. There is no need to reinstall the script when commands change: it runs the
/// program on the command line, also when called by a path such as ./target/debug/manage. With the package
/// bash-completion you can write the script to ~/.local/share/bash-completion/completions/manage instead; for
/// zsh, to _manage in a directory of $fpath. Errors during completion are logged to
/// ~/.local/state/manage/completion.log.
#[command(requires_checks = "none")]
pub(crate) fn completion(
    cx: &mut Context,
    /// The shell to complete in
    shell: Shell,
) -> Result<()> {
    Ok(cx.out().print(script(shell, cx.program().name()))?)
}
