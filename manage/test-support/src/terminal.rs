//! A terminal with a shell in it: keys in, a screen out. tmux is the terminal.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{happens_within, wait_until};

/// What a shell may take to start or to complete, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What every shell here has as its prompt.
pub const PROMPT: &str = "ready> ";

/// A shell in a terminal of 100 columns and 30 lines. It ends with this value.
pub struct Terminal {
    socket: String,
}

impl Terminal {
    /// Starts a shell's command line, in a directory, with nothing in its environment but `variables`.
    pub fn start(folder: &Path, variables: &[(&str, &str)], shell: &[&str]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let terminal = Self { socket: format!("manage-test-{}-{number}", std::process::id()) };
        let variables = variables.iter().map(|(name, value)| format!("{name}={value}"));
        let mut command =
            terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "50", "-c"]);
        command.arg(folder).args(["env", "-i", "TERM=screen", "LANG=C.UTF-8"]).args(variables).args(shell);
        let started = command.output().expect("tmux");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        terminal.wait_for("the prompt", |screen| screen.trim_end().ends_with(PROMPT.trim_end()));
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").args(["-L", &self.socket]).args(arguments);
        command
    }

    fn send(&self, arguments: &[&str]) {
        assert!(self.tmux(&["send-keys"]).args(arguments).status().expect("tmux").success());
    }

    /// Types a text.
    pub fn type_text(&self, text: &str) -> &Self {
        self.send(&["-l", "--", text]);
        // A key that follows at once might be taken for a part of a pasted text.
        self.wait_for(text, |screen| on_one_line(screen).contains(&on_one_line(text)));
        self
    }

    /// Presses TAB.
    pub fn tab(&self) -> &Self {
        self.send(&["Tab"]);
        self
    }

    /// Presses Enter.
    pub fn enter(&self) -> &Self {
        self.send(&["Enter"]);
        self
    }

    /// Presses a key by its name in tmux: `C-c`, `Down`.
    pub fn press(&self, key: &str) -> &Self {
        self.send(&[key]);
        self
    }

    /// Types what is not shown.
    pub fn type_unseen(&self, text: &str) -> &Self {
        self.send(&["-l", "--", text]);
        self
    }

    /// Returns whether the cursor is shown.
    pub fn shows_cursor(&self) -> bool {
        let output = self.tmux(&["display-message", "-p", "#{cursor_flag}"]).output().expect("tmux");
        String::from_utf8_lossy(&output.stdout).trim() == "1"
    }

    /// Returns what the terminal shows.
    pub fn screen(&self) -> String {
        let output = self.tmux(&["capture-pane", "-p"]).output().expect("tmux");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until the screen is as it shall be.
    #[track_caller]
    pub fn wait_for(&self, what: &str, is_there: impl Fn(&str) -> bool) {
        let mut last = String::new();
        let ready = || {
            last = self.screen();
            is_there(&last)
        };
        if !happens_within(PATIENCE, ready) {
            panic!("waited in vain for {what}; the screen is\n{}", self.screen());
        }
    }

    /// Takes the line back and clears the screen.
    pub fn clear(&self) -> &Self {
        // Elvish chooses in a mode of its own. Keys that follow at once would make another key of the first.
        let chooses = || self.screen().contains("COMPLETING");
        if chooses() {
            self.send(&["Escape"]);
            wait_until(PATIENCE, "the choice is over", || !chooses());
        }
        self.send(&["C-u"]);
        self.send(&["-l", "--", "clear"]);
        // A line that was only taken back looks like the one after `clear`. What is typed while `clear` runs
        // is written by the terminal, before the shell draws its prompt.
        let line = format!("{PROMPT}clear");
        self.wait_for(&line, |screen| screen.lines().any(|shown| shown.starts_with(&line)));
        self.send(&["Enter"]);
        self.wait_for("an empty screen", |screen| screen.trim() == PROMPT.trim());
        self
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).status();
    }
}

/// Removes all white space, to find a line that the screen wraps or shows without trailing blanks.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join("")
}
