//! Where the statements of a migration begin and end, for each backend.

use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};
use crate::settings::Backend;

/// The statements of a text, in bytes: without what ends them, and without the comments around them.
pub(super) fn statements(sql: &str, backend: Backend) -> Vec<Range<usize>> {
    let mut lexer = Lexer::new(sql, backend);
    let mut found = Vec::new();
    let mut current: Option<Range<usize>> = None;
    let mut body = Body::new(backend);
    while let Some(Token { kind, range }) = lexer.next() {
        let text = &sql[range.clone()];
        if current.is_none() && is_delimiter_command(backend, kind, text) && lexer.take_delimiter() {
            continue;
        }
        // A delimiter of one's own is there so that nobody has to understand what is before it.
        if kind == Kind::Delimiter && (!lexer.is_standard_delimiter() || body.is_complete()) {
            found.extend(current.take());
            body = Body::new(backend);
            continue;
        }
        body.read(kind, text);
        current.get_or_insert_with(|| range.clone()).end = range.end;
    }
    found.extend(current);
    found
}

fn is_delimiter_command(backend: Backend, kind: Kind, text: &str) -> bool {
    backend == Backend::Mysql && kind == Kind::Word && text.eq_ignore_ascii_case("DELIMITER")
}

/// Whether a semicolon ends the statement, or belongs to the body of a function or trigger.
struct Body {
    backend: Backend,
    parentheses: usize,
    /// How many of the blocks that `END` closes are open.
    blocks: usize,
    head: Head,
    /// The token before this one, in capitals; a semicolon is `;`.
    previous: String,
    before_previous: String,
}

/// What the first words say of a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// Nothing has been read.
    Start,
    /// `CREATE`, `ALTER`, and what may be between these and the kind of object.
    Create,
    /// `BEGIN`: MariaDB has a block that begins with `BEGIN NOT ATOMIC`.
    Begin,
    /// It has a body.
    Routine,
    Other,
}

impl Body {
    fn new(backend: Backend) -> Self {
        Self {
            backend,
            parentheses: 0,
            blocks: 0,
            head: Head::Start,
            previous: String::new(),
            before_previous: String::new(),
        }
    }

    /// Whether a semicolon here is the statement's end.
    fn is_complete(&self) -> bool {
        match self.backend {
            // As psql: a rule has its statements in parentheses.
            Backend::Postgres => self.parentheses == 0 && self.blocks == 0,
            // As `sqlite3_complete`: a trigger ends with `; END;`.
            Backend::Sqlite => {
                self.head != Head::Routine || (self.previous == "END" && self.before_previous == ";")
            }
            Backend::Mysql => self.blocks == 0,
        }
    }

    fn read(&mut self, kind: Kind, text: &str) {
        let text = match kind {
            Kind::Word => text.to_ascii_uppercase(),
            Kind::Quoted => "'".to_owned(),
            Kind::Delimiter => ";".to_owned(),
            // Its content is as if the marks were not there.
            Kind::ConditionalStart | Kind::ConditionalEnd => return,
            Kind::Other(c) => c.to_string(),
        };
        match text.as_str() {
            "(" => self.parentheses += 1,
            ")" => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        if kind == Kind::Word {
            if self.head == Head::Routine {
                self.count(&text);
            } else {
                self.head = self.next_head(&text);
            }
        }
        self.before_previous = std::mem::replace(&mut self.previous, text);
    }

    fn next_head(&mut self, word: &str) -> Head {
        let is_routine = match self.backend {
            Backend::Postgres => matches!(word, "FUNCTION" | "PROCEDURE"),
            Backend::Sqlite => word == "TRIGGER",
            Backend::Mysql => {
                matches!(word, "FUNCTION" | "PROCEDURE" | "TRIGGER" | "EVENT" | "PACKAGE")
            }
        };
        match (self.head, word) {
            (Head::Start, "CREATE") => Head::Create,
            (Head::Start, "ALTER") if self.backend == Backend::Mysql => Head::Create,
            (Head::Start, "EXPLAIN") if self.backend == Backend::Sqlite => Head::Start,
            (Head::Start, "BEGIN") if self.backend == Backend::Mysql => Head::Begin,
            (Head::Begin, "NOT") => {
                self.blocks = 1;
                Head::Routine
            }
            (Head::Create, _) if is_routine => Head::Routine,
            (Head::Create, "OR" | "REPLACE" | "TEMP" | "TEMPORARY" | "AGGREGATE" | "DEFINER") => Head::Create,
            // The user of `DEFINER = app@localhost`.
            (Head::Create, _) if self.previous == "=" || self.previous == "@" => Head::Create,
            _ => Head::Other,
        }
    }

    /// Counts the blocks in a body.
    fn count(&mut self, word: &str) {
        match self.backend {
            Backend::Sqlite => {}
            Backend::Postgres if self.parentheses > 0 => {}
            Backend::Postgres => match word {
                "BEGIN" => self.blocks += 1,
                // It ends with END, too.
                "CASE" if self.blocks > 0 => self.blocks += 1,
                "END" => self.blocks = self.blocks.saturating_sub(1),
                _ => {}
            },
            Backend::Mysql => match word {
                // `END IF` closes one block.
                "IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT" | "FOR" if self.previous == "END" => {}
                "BEGIN" | "CASE" => self.blocks += 1,
                "IF" | "LOOP" | "WHILE" | "REPEAT" | "FOR" if self.is_statement_start() => self.blocks += 1,
                "END" => self.blocks = self.blocks.saturating_sub(1),
                _ => {}
            },
        }
    }

    /// Whether a statement of a body begins here, as `IF … THEN` does, and not the function `IF(…)` or `IF EXISTS`.
    fn is_statement_start(&self) -> bool {
        const BEFORE: [&str; 14] = [
            ";",
            "BEGIN",
            "THEN",
            "ELSE",
            "DO",
            "LOOP",
            "REPEAT",
            ":",
            "ROW",
            ")",
            "DETERMINISTIC",
            "DATA",
            "SQL",
            "ATOMIC",
        ];
        BEFORE.contains(&self.previous.as_str()) && self.parentheses == 0
    }
}
