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
        // A delimiter of the file's own marks the end, whatever comes before it.
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
    /// The blocks that are open, from the outermost; `END` closes the last one.
    blocks: Vec<Block>,
    head: Head,
    /// The token before this one, in capitals; a semicolon is `;`.
    previous: String,
    before_previous: String,
}

/// What `END` closes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// Statements, each with a semicolon: `BEGIN`, `IF`, `LOOP`, `WHILE`, `CASE` as a statement.
    Statements,
    /// MariaDB's `FOR` loop; or `FOR UPDATE`, which only the next word says.
    For,
    /// `REPEAT … UNTIL … END REPEAT`: before its end is a condition.
    Repeat,
    /// `CASE` as part of an expression, in which `IF` is a function.
    CaseExpression,
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
            blocks: Vec::new(),
            head: Head::Start,
            previous: String::new(),
            before_previous: String::new(),
        }
    }

    /// Whether a semicolon here is the statement's end.
    fn is_complete(&self) -> bool {
        match self.backend {
            // As psql: a rule has its statements in parentheses.
            Backend::Postgres => self.parentheses == 0 && self.blocks.is_empty(),
            // As `sqlite3_complete`: a trigger ends with `; END;`.
            Backend::Sqlite => {
                self.head != Head::Routine || (self.previous == "END" && self.before_previous == ";")
            }
            Backend::Mysql => self.blocks.is_empty(),
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
                self.blocks.push(Block::Statements);
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
                "BEGIN" => self.blocks.push(Block::Statements),
                // It ends with END, too.
                "CASE" if !self.blocks.is_empty() => self.blocks.push(Block::CaseExpression),
                "END" => drop(self.blocks.pop()),
                _ => {}
            },
            Backend::Mysql => self.count_mysql(word),
        }
    }

    fn count_mysql(&mut self, word: &str) {
        let is_start = self.is_statement_start();
        match word {
            // `END IF` closes one block.
            "IF" | "CASE" | "LOOP" | "WHILE" | "REPEAT" | "FOR" if self.previous == "END" => {}
            "CASE" if !is_start => self.blocks.push(Block::CaseExpression),
            "BEGIN" if !self.is_column() && !self.is_in_expression() => self.blocks.push(Block::Statements),
            "IF" | "CASE" | "LOOP" | "WHILE" if is_start => self.blocks.push(Block::Statements),
            "REPEAT" if is_start => self.blocks.push(Block::Repeat),
            "FOR" if is_start => self.blocks.push(Block::For),
            "EACH" | "UPDATE" | "SHARE" | "SYSTEM_TIME" | "PORTION"
                if self.previous == "FOR" && self.blocks.last() == Some(&Block::For) =>
            {
                self.blocks.pop();
            }
            "END" if self.closes() => drop(self.blocks.pop()),
            _ => {}
        }
    }

    /// Whether `END` closes the last block here: a column may be called so as well.
    fn closes(&self) -> bool {
        match self.blocks.last() {
            Some(Block::Statements | Block::For) => {
                matches!(self.previous.as_str(), ";" | "BEGIN" | "ATOMIC")
            }
            Some(Block::Repeat) => !self.is_column(),
            Some(Block::CaseExpression) => {
                !self.is_column() && !matches!(self.previous.as_str(), "CASE" | "WHEN" | "THEN" | "ELSE")
            }
            None => false,
        }
    }

    fn is_in_expression(&self) -> bool {
        self.blocks.last() == Some(&Block::CaseExpression)
    }

    /// Whether a word that is no reserved one can only be a name here.
    fn is_column(&self) -> bool {
        const BEFORE: [&str; 18] = [
            ",", ".", "(", "=", "<", ">", "+", "-", "*", "/", "!", "SELECT", "WHERE", "AND", "OR", "NOT",
            "BY", "SET",
        ];
        BEFORE.contains(&self.previous.as_str())
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
        self.parentheses == 0 && !self.is_in_expression() && BEFORE.contains(&self.previous.as_str())
    }
}
