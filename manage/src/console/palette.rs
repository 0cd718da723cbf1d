//! Styles by role, and the `MANAGE_COLORS` that changes them.

use colored::{Color, Styles};

/// What a piece of text is, for its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A major error.
    Error,
    /// A minor error, or something to notice.
    Notice,
    /// It went well.
    Success,
    /// It may not be what was meant.
    Warning,
    /// The name of a column.
    SqlField,
    /// The type of a column.
    SqlColtype,
    /// A word of SQL.
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

/// Every role, with the name that `MANAGE_COLORS` knows it by.
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
pub struct Palette {
    looks: [Look; ROLES.len()],
}

impl Palette {
    /// For a dark terminal, and the default.
    pub fn dark() -> Self {
        Self { looks: ROLES.map(|(_, role)| dark(role)) }
    }

    /// For a light terminal.
    pub fn light() -> Self {
        let mut palette = Self::dark();
        palette.looks[Role::SqlKeyword as usize].foreground = Some(Color::Blue);
        palette.looks[Role::HttpNotFound as usize].foreground = Some(Color::Red);
        palette
    }

    /// Without any style.
    pub fn plain() -> Self {
        Self { looks: ROLES.map(|_| Look::default()) }
    }

    /// Reads `MANAGE_COLORS`, which has the form of Django's `DJANGO_COLORS`: the name of a palette (`dark`, `light`,
    /// `nocolor`) and changes, as in `light;error=yellow/blue,blink;notice=magenta`. What it does not know is passed
    /// over: colours are no reason to stop.
    pub fn parse(text: &str) -> Self {
        let mut palette = Self::dark();
        for part in text.to_lowercase().split(';').map(str::trim) {
            match part.split_once('=') {
                None => match part {
                    "dark" => palette = Self::dark(),
                    "light" => palette = Self::light(),
                    "nocolor" => palette = Self::plain(),
                    _ => {}
                },
                Some((name, look)) => {
                    if let Some((_, role)) = ROLES.iter().find(|(known, _)| *known == name.trim()) {
                        palette.looks[*role as usize] = parse_look(look);
                    }
                }
            }
        }
        palette
    }

    /// The text with the escape sequences of its role, for a stream that shows colours.
    ///
    /// `colored` itself asks one switch for the whole process; here each stream has its own.
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

/// Reads `foreground/background,option,option`.
fn parse_look(text: &str) -> Look {
    let mut parts = text.split(',').map(str::trim);
    let mut colors = parts.next().unwrap_or_default().split('/').map(str::trim);
    let foreground = colors.next().and_then(parse_color);
    let background = colors.next().and_then(parse_color);
    Look { foreground, background, options: parts.filter_map(parse_option).collect() }
}

fn parse_color(name: &str) -> Option<Color> {
    Some(match name {
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::White,
        _ => return None,
    })
}

fn parse_option(name: &str) -> Option<Styles> {
    Some(match name {
        "bold" => Styles::Bold,
        "underscore" => Styles::Underline,
        "blink" => Styles::Blink,
        "reverse" => Styles::Reversed,
        "conceal" => Styles::Hidden,
        _ => return None,
    })
}

/// The number that switches an option on (ECMA-48, "Select Graphic Rendition").
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
}
