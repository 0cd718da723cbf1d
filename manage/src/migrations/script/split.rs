//! Splits a migration into statements, according to each backend's rules.

use std::ops::Range;

use super::lexer::{Kind, Lexer, Token};
use crate::settings::Backend;

/// Returns the positions of the statements of a text, in bytes: without their delimiters and the comments
/// around them.
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
        // A custom delimiter always ends the statement, whatever precedes it.
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

/// Tracks whether a semicolon ends the statement, or belongs to the body of a function or trigger.
struct Body {
    backend: Backend,
    parentheses: usize,
    /// The open blocks, the outermost first; `END` closes the last one.
    blocks: Vec<Block>,
    head: Head,
    /// The preceding token, in capitals; a semicolon is `;`.
    previous: String,
    before_previous: String,
}

/// A block that `END` closes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A block of statements that end with semicolons: `BEGIN`, `IF`, `LOOP`, `WHILE`, `CASE` as a statement.
    Statements,
    /// MariaDB's `FOR` loop, or `FOR UPDATE`: the next word distinguishes them.
    For,
    /// `REPEAT … UNTIL … END REPEAT`, which has a condition before its end.
    Repeat,
    /// `CASE` as part of an expression, in which `IF` is a function.
    CaseExpression,
}

/// The kind of a statement, according to its first words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// No word has been read.
    Start,
    /// `CREATE` or `ALTER`, and the words before the kind of object.
    Create,
    /// `BEGIN`, which in MariaDB may start a block: `BEGIN NOT ATOMIC`.
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

    /// Returns whether a semicolon at this position ends the statement.
    fn is_complete(&self) -> bool {
        match self.backend {
            // As in psql: a rule contains its statements in parentheses.
            Backend::Postgres => self.parentheses == 0 && self.blocks.is_empty(),
            // As in `sqlite3_complete`: a trigger ends with `; END;`.
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
            // The content of an executable comment is read as if it were outside.
            Kind::ConditionalStart | Kind::ConditionalEnd | Kind::Hint => return,
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
                // It also ends with END.
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

    /// Returns whether `END` closes the last block here: a column may also have this name.
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

    /// Returns whether a word that is not reserved can only be a name here.
    fn is_column(&self) -> bool {
        const BEFORE: [&str; 18] = [
            ",", ".", "(", "=", "<", ">", "+", "-", "*", "/", "!", "SELECT", "WHERE", "AND", "OR", "NOT",
            "BY", "SET",
        ];
        BEFORE.contains(&self.previous.as_str())
    }

    /// Returns whether a statement of a body begins here, such as `IF … THEN`, and not the function `IF(…)`
    /// or `IF EXISTS`.
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
