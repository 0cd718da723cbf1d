//! Is a database there, and are its migrations applied? Only for the databases that are asked about.

use crate::Context;
use crate::database::{Connection, probe};
use crate::migrations::{Migrations, Plan};

use super::Message;

pub(super) fn check(cx: &Context, alias: &str) -> Vec<Message> {
    let object = format!("database {alias}");
    let settings = match cx.try_settings().map(|settings| settings.database(alias)) {
        // Settings that cannot be read are told by their own check.
        Err(_) => return Vec::new(),
        Ok(Err(error)) => return vec![Message::error("manage.E004", error.to_string()).about(object)],
        Ok(Ok(settings)) => settings,
    };
    if let Err(error) = probe(settings, settings.connect_timeout) {
        let message = Message::error("manage.E005", error.to_string()).about(object);
        return vec![match &error.hint {
            Some(hint) => message.hint(hint),
            None => message,
        }];
    }
    match unapplied(cx, settings) {
        Ok(0) => Vec::new(),
        Ok(count) => {
            let text = format!("{count} migration(s) are not applied.");
            vec![Message::warning("manage.W003", text).about(object).hint("Run `manage migrate`.")]
        }
        Err(error) => vec![Message::error("manage.E006", format!("{error:#}")).about(object)],
    }
}

fn unapplied(cx: &Context, settings: &crate::settings::DatabaseSettings) -> crate::Result<usize> {
    let Some(migrations) = Migrations::of_program(cx.program(), settings.backend)? else { return Ok(0) };
    let mut connection = Connection::open(settings)?;
    Ok(Plan::read(&mut connection, &migrations)?.unapplied().count())
}
