//! Styles by role, and the variable `MANAGE_COLORS`, which changes them.

use colored::{Color, Styles};

use super::echo::{echo_name, is_connection};
use crate::suggest::closest;

/// The variable that changes the styles.
pub(crate) const COLORS_VARIABLE: &str = "MANAGE_COLORS";

/// The role of a piece of text, which decides its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// A major error.
    Error,
    /// A minor error, or something that needs attention.
    Notice,
    /// A success.
    Success,
    /// A possible mistake.
    Warning,
    /// The name of a column.
    SqlField,
    /// The type of a column.
    SqlColtype,
    /// An SQL keyword.
    SqlKeyword,
    /// The name of a table.
    SqlTable,
    /// A 1XX response.
    HttpInfo,
    /// A 2XX response.
    HttpSuccess,
    /// A 3XX response other than 304.
    HttpRedirect,
    /// A 304 response.
    HttpNotModified,
    /// A 4XX response other than 404.
    HttpBadRequest,
    /// A 404 response.
    HttpNotFound,
    /// A 5XX response.
    HttpServerError,
    /// The heading of a migrations command.
    MigrateHeading,
    /// The name of a migration, or of an app in the listing.
    MigrateLabel,
}

/// Every role, with its name in `MANAGE_COLORS`.
const ROLES: [(&str, Role); 17] = [
    ("error", Role::Error),
    ("notice", Role::Notice),
    ("success", Role::Success),
    ("warning", Role::Warning),
    ("sql_field", Role::SqlField),
    ("sql_coltype", Role::SqlColtype),
    ("sql_keyword", Role::SqlKeyword),
    ("sql_table", Role::SqlTable),
    ("http_info", Role::HttpInfo),
    ("http_success", Role::HttpSuccess),
    ("http_redirect", Role::HttpRedirect),
    ("http_not_modified", Role::HttpNotModified),
    ("http_bad_request", Role::HttpBadRequest),
    ("http_not_found", Role::HttpNotFound),
    ("http_server_error", Role::HttpServerError),
    ("migrate_heading", Role::MigrateHeading),
    ("migrate_label", Role::MigrateLabel),
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Look {
    foreground: Option<Color>,
    background: Option<Color>,
    options: Vec<Styles>,
}

impl Look {
    fn new(foreground: Option<Color>, bold: bool) -> Self {
        Self { foreground, background: None, options: if bold { vec![Styles::Bold] } else { Vec::new() } }
    }
}

/// The style of every role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Palette {
    looks: [Look; ROLES.len()],
}

impl Palette {
    /// Creates the palette for a dark terminal, which is the default.
    pub(crate) fn dark() -> Self {
        Self { looks: ROLES.map(|(_, role)| dark(role)) }
    }

    /// Creates the palette for a light terminal.
    pub(crate) fn light() -> Self {
        let mut palette = Self::dark();
        palette.looks[Role::SqlKeyword as usize].foreground = Some(Color::Blue);
        palette.looks[Role::HttpNotFound as usize].foreground = Some(Color::Red);
        palette
    }

    /// Creates a palette without any style.
    pub(crate) fn plain() -> Self {
        Self { looks: ROLES.map(|_| Look::default()) }
    }

    /// Parses `MANAGE_COLORS`, which has the format of Django's `DJANGO_COLORS`: the name of a palette
    /// (`dark`, `light`, `nocolor`) and changes, as in `light;error=yellow/blue,blink;notice=magenta`.
    /// Unknown parts are ignored; [`Palette::problems`] reports them.
    pub(crate) fn parse(text: &str) -> Self {
        Self::read(text).0
    }

    /// Returns a sentence for each part of `MANAGE_COLORS` that [`Palette::parse`] does not know.
    pub(crate) fn problems(text: &str) -> Vec<String> {
        // If a URL were split at each `;`, parts of its password could be shown.
        if is_connection(text) {
            return vec![unknown("", "palette", &echo_name(text), PALETTES)];
        }
        Self::read(text).1
    }

    fn read(text: &str) -> (Self, Vec<String>) {
        let (mut palette, mut problems) = (Self::dark(), Vec::new());
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let lower = part.to_lowercase();
            let Some((name, look)) = lower.split_once('=') else {
                match lower.as_str() {
                    "dark" => palette = Self::dark(),
                    "light" => palette = Self::light(),
                    "nocolor" => palette = Self::plain(),
                    _ => problems.push(unknown(part, "palette", &lower, PALETTES)),
                }
                continue;
            };
            let role = ROLES.iter().find(|(known, _)| *known == name.trim()).map(|(_, role)| *role);
            let look = read_look(part, look, &mut problems);
            match role {
                Some(role) => palette.looks[role as usize] = look,
                None => problems.push(unknown(part, "role", name.trim(), ROLES.map(|(name, _)| name))),
            }
        }
        (palette, problems)
    }

    /// Returns the text with the escape sequences of its role, for a stream that shows colours.
    ///
    /// `colored` itself has one switch for the whole process; here each stream has its own.
    pub(crate) fn paint(&self, role: Role, text: &str) -> String {
        let look = &self.looks[role as usize];
        let mut codes: Vec<_> = look.options.iter().map(|option| option_code(*option).into()).collect();
        codes.extend(look.foreground.map(|color| color.to_fg_str()));
        codes.extend(look.background.map(|color| color.to_bg_str()));
        if codes.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", codes.join(";"))
    }
}

fn dark(role: Role) -> Look {
    match role {
        Role::Error | Role::HttpBadRequest => Look::new(Some(Color::Red), true),
        Role::Notice => Look::new(Some(Color::Red), false),
        Role::Success | Role::SqlField => Look::new(Some(Color::Green), true),
        Role::Warning => Look::new(Some(Color::Yellow), true),
        Role::SqlColtype | Role::HttpRedirect => Look::new(Some(Color::Green), false),
        Role::SqlKeyword | Role::HttpNotFound => Look::new(Some(Color::Yellow), false),
        Role::SqlTable | Role::HttpInfo | Role::MigrateLabel => Look::new(None, true),
        Role::HttpSuccess => Look::default(),
        Role::HttpNotModified => Look::new(Some(Color::Cyan), false),
        Role::HttpServerError => Look::new(Some(Color::Magenta), true),
        Role::MigrateHeading => Look::new(Some(Color::Cyan), true),
    }
}

/// Parses `foreground/background,option,option`. Each part is optional.
fn read_look(part: &str, text: &str, problems: &mut Vec<String>) -> Look {
    let mut words = text.split(',').map(str::trim);
    let colors: Vec<&str> = words.next().unwrap_or_default().split('/').map(str::trim).collect();
    let mut color = |position: usize| {
        let name = colors.get(position).copied().unwrap_or_default();
        let color = COLORS.iter().find(|(known, _)| *known == name).map(|(_, color)| *color);
        if color.is_none() && !name.is_empty() {
            problems.push(unknown(part, "color", name, COLORS.map(|(name, _)| name)));
        }
        color
    };
    let (foreground, background) = (color(0), color(1));
    if colors.len() > 2 {
        problems.push(format!(
            "“{part}” has more than two colors: there is one for the text and one for its background."
        ));
    }
    let mut options = Vec::new();
    for name in words.filter(|name| !name.is_empty()) {
        match OPTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, option)) => options.push(*option),
            None => problems.push(unknown(part, "option", name, OPTIONS.map(|(name, _)| name))),
        }
    }
    Look { foreground, background, options }
}

/// Returns the message for an unknown name.
fn unknown<const N: usize>(part: &str, kind: &str, name: &str, known: [&str; N]) -> String {
    let whole = if part.is_empty() || part.eq_ignore_ascii_case(name) {
        String::new()
    } else {
        format!(" in “{part}”")
    };
    let meant = closest(name, known).map(|meant| format!(" Did you mean {meant}?")).unwrap_or_default();
    let name = echo_name(name);
    format!("There is no {kind} “{name}”{whole}.{meant} The {kind}s are: {}.", known.join(", "))
}

const PALETTES: [&str; 3] = ["dark", "light", "nocolor"];

const COLORS: [(&str, Color); 8] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::White),
];

const OPTIONS: [(&str, Styles); 5] = [
    ("bold", Styles::Bold),
    ("underscore", Styles::Underline),
    ("blink", Styles::Blink),
    ("reverse", Styles::Reversed),
    ("conceal", Styles::Hidden),
];

/// Returns the code that turns an option on (ECMA-48, "Select Graphic Rendition").
fn option_code(option: Styles) -> &'static str {
    match option {
        Styles::Clear => "0",
        Styles::Bold => "1",
        Styles::Dimmed => "2",
        Styles::Italic => "3",
        Styles::Underline => "4",
        Styles::Blink => "5",
        Styles::Reversed => "7",
        Styles::Hidden => "8",
        Styles::Strikethrough => "9",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roles_stand_in_their_order() {
        for (position, (name, role)) in ROLES.iter().enumerate() {
            assert_eq!(*role as usize, position, "{name}");
        }
    }

    #[test]
    fn a_role_is_changed_by_name() {
        let palette = Palette::parse("light; error = yellow/blue , blink,bold ;nonsense=red;notice=magenta");
        let error = &palette.looks[Role::Error as usize];
        assert_eq!((error.foreground, error.background), (Some(Color::Yellow), Some(Color::Blue)));
        assert_eq!(error.options, [Styles::Blink, Styles::Bold]);
        assert_eq!(palette.looks[Role::Notice as usize].foreground, Some(Color::Magenta));
        assert_eq!(palette.looks[Role::SqlKeyword as usize].foreground, Some(Color::Blue));
    }

    #[test]
    fn a_painted_text_is_set_back_after_it() {
        assert_eq!(Palette::dark().paint(Role::Success, "ok"), "\x1b[1;32mok\x1b[0m");
        assert_eq!(Palette::dark().paint(Role::HttpSuccess, "ok"), "ok");
        assert_eq!(
            Palette::parse("error=yellow/blue,blink").paint(Role::Error, "no"),
            "\x1b[5;33;44mno\x1b[0m"
        );
    }

    #[test]
    fn nocolor_takes_all_and_a_change_after_it_counts() {
        let palette = Palette::parse("nocolor;success=green");
        assert_eq!(palette.looks[Role::Error as usize], Look::default());
        assert_eq!(palette.looks[Role::Success as usize].foreground, Some(Color::Green));
        assert_eq!(Palette::parse("what?"), Palette::dark());
    }

    #[test]
    fn what_it_does_not_know_is_named() {
        for text in [
            "",
            ";",
            "dark;",
            "light;error=yellow/blue,blink,bold;",
            "error=",
            "error=/red",
            "NoColor;Error=RED,",
        ] {
            assert_eq!(Palette::problems(text), [] as [String; 0], "{text}");
        }
        for (text, names) in [
            ("drak", &["There is no palette “drak”. Did you mean dark?"][..]),
            (
                "eror=red",
                &["There is no role “eror” in “eror=red”. Did you mean error? The roles are: error, notice,"],
            ),
            ("error=purple", &["There is no color “purple” in “error=purple”. The colors are: black, red,"]),
            ("error=red/pink", &["There is no color “pink”"]),
            ("error=red/blue/green", &["has more than two colors"]),
            ("notice=red,bld", &["There is no option “bld” in “notice=red,bld”. Did you mean bold?"]),
            ("light;eror=prple,x;success=green", &["color “prple”", "option “x”", "role “eror”"]),
        ] {
            let problems = Palette::problems(text);
            assert_eq!(problems.len(), names.len(), "{problems:?}");
            for (problem, name) in problems.iter().zip(names) {
                assert!(problem.contains(name), "{problem}");
            }
        }
    }
}
