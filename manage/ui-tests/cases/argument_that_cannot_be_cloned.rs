mod greet {
    use manage::prelude::*;

    pub struct Place(String);

    impl std::str::FromStr for Place {
        type Err = std::convert::Infallible;

        fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
            Ok(Self(text.to_owned()))
        }
    }

    /// Greet somebody
    #[command]
    pub fn greet(cx: &mut Context, place: Place) -> Result<()> {
        cx.line(format_args!("Hello in {}!", place.0))
    }
}

fn main() {}
