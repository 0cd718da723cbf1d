use manage::prelude::*;

/// Another name for the type.
type Key = manage::settings::Secret;

#[derive(Args)]
pub(crate) struct Login {
    #[arg(long, env = "IT_SHARED_KEY", default_value = "secret-default-of-struct")]
    shared: Key,
    #[arg(long, default_values = ["secret-default-1", "secret-default-2"])]
    several: Vec<manage::settings::Secret>,
    #[arg(long, env = "IT_MAYBE_KEY")]
    maybe: Option<Option<Secret>>,
    #[arg(long, env = "IT_KEYS", value_delimiter = ',')]
    keys: Option<Vec<Secret>>,
    // To clap this is no list, but a type of the project's.
    #[arg(long, default_value = "secret-default-of-list", value_parser = list)]
    whole: std::option::Option<Vec<Secret>>,
}

#[derive(Subcommand)]
pub(crate) enum How {
    /// Pay by card
    Card {
        #[arg(long, env = "IT_PIN", default_value_t = pin(), value_parser = pin_of)]
        pin: Pin,
        /// The number of the card
        number: Option<Secret>,
    },
}

/// A type that is no secret, but whose variable has the name of one.
pub(crate) type Pin = String;

fn list(text: &str) -> Result<Option<Vec<Secret>>> {
    Ok(Some(text.split('-').map(Secret::from).collect()))
}

fn pin() -> Pin {
    "0".to_owned()
}

fn pin_of(text: &str) -> Result<Pin> {
    Ok(text.to_owned())
}

fn long_enough(text: &str) -> Result<Secret, String> {
    match text.len() {
        0..12 => Err(format!("{text:?} is too short, {text} has {} letters", text.len())),
        _ => Ok(Secret::from(text)),
    }
}

/// Pay with tokens
#[command(hidden)]
pub(crate) fn pays(
    cx: &mut Context,
    /// The token
    #[arg(long, short, env = "IT_TOKEN", default_value = "secret-default-of-token", value_parser = long_enough)]
    token: Secret,
    /// One of few
    #[arg(long, value_parser = one_of_few())]
    few: Option<Secret>,
    /// The base URL
    #[arg(long, env = "IT_BASE", default_value = "http://localhost:8000")]
    base: String,
    /// The place
    #[arg(long, env = "IT_PLACE")]
    place: Option<String>,
    #[command(flatten)] login: Login,
    #[command(subcommand)] how: Option<How>,
) -> Result<()> {
    let Login { shared, several, maybe, keys, whole } = login;
    let how = how.map(|How::Card { pin, number }| (pin.len(), number));
    let lengths = several.iter().map(|one| one.expose().len());
    let sum = token.expose().len() + shared.expose().len() + lengths.sum::<usize>();
    cx.line(format_args!(
        "{sum} {few:?} {maybe:?} {keys:?} {how:?} {} {} {}",
        base.len(),
        place.is_some(),
        whole.unwrap_or_default().len()
    ))
}

fn one_of_few() -> impl manage::clap::builder::TypedValueParser<Value = Secret> {
    use manage::clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(["secret-possible-1", "secret-possible-2"]).map(Secret::from)
}
