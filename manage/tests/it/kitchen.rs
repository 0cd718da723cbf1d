//! System checks of this test program, which find what `[apps.it]` of a project's settings lists.

use manage::checks::Message;
use manage::prelude::*;

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Kitchen {
    hot: Option<bool>,
    levels: String,
    panics: bool,
    formless: bool,
    deployed: bool,
}

fn kitchen(cx: &Context) -> Kitchen {
    cx.settings().ok().and_then(|settings| settings.app("it").ok()).unwrap_or_default()
}

#[manage::check]
fn oven(cx: &Context) -> Option<Message> {
    Some(match kitchen(cx).hot? {
        true => Message::warning("it.W001", "The oven is hot.").about("oven").hint("Wear gloves."),
        false => Message::error("it.E001", "The oven is cold.").about("oven"),
    })
}

/// A message for each letter.
#[manage::check(tags = ["kitchen", "levels"])]
fn levels(cx: &Context) -> Vec<Message> {
    let letters = kitchen(cx).levels;
    let message = |letter| match letter {
        'D' => Message::debug("it.D002", "A debug."),
        'I' => Message::info("it.I002", "An info.").hint("Do it."),
        'W' => Message::warning("it.W002", "A warning.").about("oven"),
        'w' => Message::warning("it.W003", "Another warning."),
        'E' => Message::error("it.E002", "An error.").about("oven").hint("Fix it."),
        'C' => Message::critical("it.C002", "A critical."),
        other => unreachable!("no level {other}"),
    };
    letters.chars().map(message).collect()
}

#[manage::check(tags = ["panics"])]
fn falls(cx: &Context) -> Vec<Message> {
    assert!(!kitchen(cx).panics, "the pan fell");
    Vec::new()
}

#[manage::check(tags = ["kitchen"])]
fn formless(cx: &Context) -> Vec<Message> {
    let formless = kitchen(cx).formless;
    if formless { vec![Message::info("W1", "One."), Message::info("W1", "Two.")] } else { Vec::new() }
}

#[manage::check(tags = ["delivery"], deploy)]
fn delivery(cx: &Context) -> Option<Message> {
    kitchen(cx).deployed.then(|| Message::warning("it.W004", "No van."))
}

/// A database check, which receives the alias.
#[manage::check(tags = ["pantry"])]
fn pantry(cx: &Context, alias: &str) -> Option<Message> {
    use manage::diesel::connection::SimpleConnection;
    let settings = cx.database(alias).ok()?;
    // A check creates no database.
    if settings.backend == manage::settings::Backend::Sqlite && !std::path::Path::new(&settings.name).exists()
    {
        return None;
    }
    let mut connection = cx.database(alias).ok()?.connect().ok()?;
    connection.batch_execute("SELECT count(*) FROM flour").err()?;
    Some(Message::info("it.I003", "There is no flour.").about(format!("database {alias}")))
}
