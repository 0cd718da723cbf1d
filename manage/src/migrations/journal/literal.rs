//! Texts as SQL literals. The journal is written in batches, which have no parameters.

use crate::settings::Backend;

/// Returns a literal whose meaning does not depend on the session's settings.
pub(super) fn literal(text: &str, backend: Backend) -> String {
    if !text
        .bytes()
        .any(|byte| matches!(byte, b'\'' | b'\\' | 0) || (byte >= 0x80 && backend == Backend::Mysql))
    {
        return format!("'{text}'");
    }
    let text = text.replace('\0', "");
    match backend {
        // `standard_conforming_strings` may be off.
        Backend::Postgres => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Backend::Sqlite => format!("'{}'", text.replace('\'', "''")),
        // `sql_mode` and the character set of the connection may be any.
        Backend::Mysql => {
            let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
            format!("_utf8mb4 X'{digits}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_literal() {
        for backend in [Backend::Sqlite, Backend::Postgres, Backend::Mysql] {
            assert_eq!(literal("2026-01-01_a", backend), "'2026-01-01_a'");
            assert_eq!(literal("", backend), "''");
        }
        assert_eq!(literal("it's \\ ä", Backend::Postgres), "E'it''s \\\\ ä'");
        assert_eq!(literal("it's \\ ä", Backend::Sqlite), "'it''s \\ ä'");
        assert_eq!(literal("a'ä", Backend::Mysql), "_utf8mb4 X'6127C3A4'");
    }
}
