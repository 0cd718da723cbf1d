use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use manage::prelude::*;

/// Has the name of a type that the macro's own code might use.
#[derive(Clone)]
pub(crate) struct Value(String);

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[derive(Clone)]
pub(crate) struct Raw(OsString);

impl From<&OsStr> for Raw {
    fn from(text: &OsStr) -> Self {
        Self(text.to_owned())
    }
}

#[derive(Clone)]
pub(crate) struct Word(String);

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Point(i32, i32);

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (x, y) = text.split_once(',').ok_or("it is two numbers, such as 3,4")?;
        let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
        Ok(Self(number(x)?, number(y)?))
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Tone {
    Kind,
    VeryCold,
}

/// Take every kind of argument
#[command(hidden)]
#[expect(clippy::too_many_arguments, reason = "that is what it is for")]
pub(crate) fn takes(
    cx: &mut Context,
    point: Point,
    value: Option<Value>,
    words: Vec<Word>,
    #[arg(long, short)] tone: Option<Tone>,
    #[arg(long)] raw: Option<Raw>,
    #[arg(long)] path: Vec<PathBuf>,
    #[arg(long)] secret: Option<Secret>,
    #[arg(long, default_value = "::1")] address: IpAddr,
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))] small: Option<u8>,
    #[arg(long, value_parser = manage::clap::value_parser!(u16))] port: Option<u16>,
    #[arg(long, default_value_t = 'x')] letter: char,
    #[arg(long, num_args = 0..=1)] maybe: Option<Option<u32>>,
    #[arg(long, action = clap::ArgAction::Count, short = 'l')] loud: u8,
    #[arg(long, value_parser = ["a", "b"])] one_of: Option<String>,
    #[arg(long)] flag: bool,
    #[arg(long)] takes: Option<String>,
) -> Result<()> {
    let value = value.map(|value| value.0);
    let words: Vec<String> = words.into_iter().map(|word| word.0).collect();
    let raw = raw.map(|raw| raw.0);
    cx.line(format_args!(
        "{},{} {value:?} {words:?} {tone:?} {raw:?} {path:?} {secret:?}",
        point.0, point.1
    ))?;
    cx.line(format_args!(
        "{address} {small:?} {port:?} {letter} {maybe:?} {loud} {one_of:?} {flag} {takes:?}"
    ))
}
