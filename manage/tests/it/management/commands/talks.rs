#![cfg(feature = "terminal")]

use std::path::PathBuf;
use std::time::Duration;

use manage::console::Table;
use manage::prelude::*;

#[derive(Subcommand)]
pub(crate) enum About {
    Confirm,
    Select,
    Text,
    Secret,
    Password,
    Destroy {
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Shows a bar until there is a file.
    Bar {
        until: PathBuf,
    },
    /// Shows a bar of bytes until there is a file.
    Bytes {
        until: PathBuf,
    },
    Table,
}

/// Interact with the user
#[command(hidden, requires_checks = "none")]
pub(crate) fn talks(cx: &mut Context, #[command(subcommand)] about: About) -> Result<()> {
    match about {
        About::Confirm => {
            let sure = cx.confirm("Is it soup?")?;
            cx.line(format_args!("confirmed: {sure}"))
        }
        About::Select => {
            let chosen = cx.prompt("Which soup?").choice(&["leek", "onion", "pea"])?;
            cx.line(format_args!("chosen: {chosen}"))
        }
        About::Text => {
            let number: u8 = cx.prompt("How many?").parse()?;
            cx.line(format_args!("number: {number}"))
        }
        About::Secret => {
            let secret = cx.prompt("The secret?").secret()?;
            cx.line(format_args!("letters: {}", secret.expose().len()))
        }
        About::Password => {
            let password = cx.prompt("Password:").new_password()?;
            cx.line(format_args!("letters: {}", password.expose().len()))
        }
        About::Destroy { confirmation } => {
            confirmation.ask(cx, "This throws the soup away.")?;
            cx.line("thrown away")
        }
        About::Bar { until } => {
            let progress = cx.progress(4);
            progress.message("cooking");
            for spoon in 1..=3 {
                progress.advance(1);
                cx.line(format_args!("spoon {spoon}"))?;
            }
            while !until.exists() {
                cx.check_cancelled()?;
                cx.cancellation().sleep(Duration::from_millis(50));
            }
            drop(progress);
            cx.line("eaten")
        }
        About::Bytes { until } => {
            let progress = cx.progress(3 * 1024 * 1024).bytes();
            progress.message("fetching");
            let spinner = cx.spinner("reading").bytes();
            while !until.exists() {
                cx.check_cancelled()?;
                progress.set(3 * 512 * 1024);
                spinner.set(2048);
                cx.cancellation().sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        About::Table => {
            let mut table = Table::new(["Dish", "What it is"]);
            table.row(["국수", "면 ".repeat(60).trim_end()]);
            table.row(["soup", "two\nlines"]);
            table.print(cx.out())
        }
    }
}
