//! How the value of an argument is parsed: like clap's own `value_parser!`, but with our own compile error
//! for a type that cannot be parsed.
//!
//! Method resolution tries the type of the receiver, and then removes one reference after the other until a
//! trait applies. So the first of these traits that fits the type is used, and the last one names what the
//! type lacks.

use std::ffi::{OsStr, OsString};
use std::marker::PhantomData;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{
    EnumValueParser, MapValueParser, OsStringValueParser, StringValueParser, TypedValueParser, ValueParser,
    ValueParserFactory,
};

/// A marker for a value of the type `T`.
pub struct Value<T>(PhantomData<T>);

impl<T> Value<T> {
    #[expect(clippy::new_without_default, reason = "only a macro makes one")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// The traits, imported without names, which could collide with a project's own.
pub mod ways {
    pub use super::{
        ByFactory as _, ByFromStr as _, ByValueEnum as _, FromOsStr as _, FromOsString as _,
        FromStrAlone as _, FromString as _, FromText as _, InNoWay as _,
    };
}

macro_rules! ways {
    ($($way:ident [$($references:tt)*] ($($bounds:tt)+) -> $parser:ty { $make:expr })+) => {$(
        pub trait $way {
            type Parser;
            fn value_parser(self) -> Self::Parser;
        }

        impl<T: $($bounds)+ + Clone + Send + Sync + 'static> $way for $($references)* Value<T> {
            type Parser = $parser;

            fn value_parser(self) -> $parser {
                $make
            }
        }
    )+};
}

ways! {
    ByFactory [&&&&&&&&] (ValueParserFactory) -> T::Parser { T::value_parser() }
    ByValueEnum [&&&&&&&] (ValueEnum) -> EnumValueParser<T> { EnumValueParser::new() }
    FromOsString [&&&&&&] (From<OsString>) -> MapValueParser<OsStringValueParser, fn(OsString) -> T> {
        OsStringValueParser::new().map(T::from)
    }
    FromOsStr [&&&&&] (for<'a> From<&'a OsStr>) -> MapValueParser<OsStringValueParser, fn(OsString) -> T> {
        OsStringValueParser::new().map(|text| T::from(&text))
    }
    FromString [&&&&] (From<String>) -> MapValueParser<StringValueParser, fn(String) -> T> {
        StringValueParser::new().map(T::from)
    }
    FromText [&&&] (for<'a> From<&'a str>) -> MapValueParser<StringValueParser, fn(String) -> T> {
        StringValueParser::new().map(|text| T::from(&text))
    }
}

/// Parsing by [`FromStr`], as for most types.
pub trait ByFromStr {
    type Parser;
    fn value_parser(self) -> Self::Parser;
}

impl<T> ByFromStr for &&Value<T>
where
    T: FromStr<Err: Into<Box<dyn std::error::Error + Send + Sync>>> + Clone + Send + Sync + 'static,
{
    type Parser = fn(&str) -> Result<T, T::Err>;

    fn value_parser(self) -> Self::Parser {
        T::from_str
    }
}

/// The type can be parsed but not cloned. clap's own error about `Clone` is enough.
pub trait FromStrAlone {
    fn value_parser(self) -> ValueParser;
}

impl<T: FromStr> FromStrAlone for &Value<T> {
    fn value_parser(self) -> ValueParser {
        unreachable!("clap asks for `Clone`")
    }
}

/// No way to parse the type.
pub trait InNoWay<T> {
    fn value_parser(self) -> ValueParser
    where
        T: Readable;
}

impl<T> InNoWay<T> for Value<T> {
    fn value_parser(self) -> ValueParser
    where
        T: Readable,
    {
        unreachable!("no type is `Readable`")
    }
}

/// The trait that the compiler reports as missing if a type cannot be parsed.
#[diagnostic::on_unimplemented(
    message = "an argument of a command cannot be a `{Self}`: there is no parser for it",
    label = "derive `clap::ValueEnum`, or implement `FromStr` and `Clone`",
    note = "`#[arg(value_parser = …)]` names a function that parses one; a struct of several arguments takes `#[command(flatten)]`, and \
            an enum of subcommands `#[command(subcommand)]`"
)]
pub trait Readable {}
