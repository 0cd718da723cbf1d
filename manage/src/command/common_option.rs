//! The names of the common options, for a command that leaves some of them out.

use super::common_options::Common;

macro_rules! common_options {
    ($($(#[$doc:meta])* $name:ident = $written:literal;)+) => {
        /// An option that every command has unless it leaves it out: `#[command(without = ["isolated"])]`, or
        /// [`Properties::without`](super::Properties::without).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum CommonOption {
            $($(#[$doc])* $name,)+
        }

        impl CommonOption {
            /// Returns its name in `without`: the long one without hyphens, or `-v`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $written,)+
                }
            }
        }
    };
}

common_options! {
    /// `-v`, `--verbosity`.
    Verbosity = "verbosity";
    /// `-v` alone, for a command with a `-v` of its own; `--verbosity` stays.
    VerbosityLetter = "-v";
    /// `--settings`.
    Settings = "settings";
    /// `--traceback`.
    Traceback = "traceback";
    /// `--no-color`.
    NoColor = "no-color";
    /// `--force-color`.
    ForceColor = "force-color";
    /// `--skip-checks`.
    SkipChecks = "skip-checks";
    /// `--profile`.
    Profile = "profile";
    /// `--isolated`.
    Isolated = "isolated";
    /// `--isolated-key`.
    IsolatedKey = "isolated-key";
    /// `--isolated-wait`.
    IsolatedWait = "isolated-wait";
    /// `--noinput`, `--no-input`.
    Noinput = "noinput";
    /// `--version`.
    Version = "version";
    /// `-h` alone, for a command with a `-h` of its own. Each command has `--help`.
    HelpLetter = "-h";
}

impl Common {
    /// Returns the first of these options that the command line has.
    pub(crate) fn first_given(&self, options: &[CommonOption]) -> Option<CommonOption> {
        let is_given = |option: &CommonOption| match option {
            CommonOption::Verbosity => self.verbosity.is_some(),
            CommonOption::Settings => self.settings.is_some(),
            CommonOption::Traceback => self.traceback,
            CommonOption::NoColor => self.no_color,
            CommonOption::ForceColor => self.force_color,
            CommonOption::SkipChecks => self.skip_checks,
            CommonOption::Profile => self.profile,
            CommonOption::Isolated => self.isolated,
            CommonOption::IsolatedKey => self.isolated_key.is_some(),
            CommonOption::IsolatedWait => self.isolated_wait.is_some(),
            CommonOption::Noinput => self.no_input,
            // These end the program before a command's name counts, or are another option's letter.
            CommonOption::Version | CommonOption::VerbosityLetter | CommonOption::HelpLetter => false,
        };
        options.iter().copied().find(is_given)
    }
}
