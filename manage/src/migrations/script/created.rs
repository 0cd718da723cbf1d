//! The tables that a script creates.

use super::lexer::Kind;
use super::{Script, Statement};

impl Script {
    /// Returns the names in its `CREATE TABLE` statements, in parts and as written: `["public", "\"Users\""]`.
    /// Temporary tables are left out.
    pub(in crate::migrations) fn created_tables(&self) -> Vec<Vec<String>> {
        self.statements().filter_map(|statement| created_table(&statement)).collect()
    }
}

fn created_table(statement: &Statement<'_>) -> Option<Vec<String>> {
    let is_part = |kind| matches!(kind, Kind::Word | Kind::Quoted | Kind::Other(_));
    let mut tokens = statement.tokens(is_part).peekable();
    tokens.next().filter(|word| word.eq_ignore_ascii_case("CREATE"))?;
    loop {
        match tokens.next()?.to_ascii_uppercase().as_str() {
            "TABLE" => break,
            "OR" | "REPLACE" | "UNLOGGED" | "FOREIGN" | "VIRTUAL" => {}
            _ => return None,
        }
    }
    if tokens.peek().is_some_and(|word| word.eq_ignore_ascii_case("IF")) {
        tokens.by_ref().take(3).for_each(drop);
    }
    let mut name = vec![tokens.next()?.to_owned()];
    while tokens.next_if_eq(&".").is_some() {
        name.push(tokens.next()?.to_owned());
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Backend;

    #[test]
    fn names_are_found_as_written() {
        let of = |sql: &str, backend| -> Vec<String> {
            Script::new(sql, backend).created_tables().iter().map(|name| name.join(".")).collect()
        };
        let sql = "/* CREATE TABLE no (); */ create table a (b int); CREATE TABLE IF NOT EXISTS public.\"B c\" (id int);\n\
             CREATE UNLOGGED TABLE d(id int); CREATE TEMP TABLE e (id int); CREATE INDEX f ON a (b); SELECT 'CREATE TABLE g'";
        assert_eq!(of(sql, Backend::Postgres), ["a", "public.\"B c\"", "d"]);
        let sql = "CREATE OR REPLACE TABLE `a``b` (id int); CREATE TEMPORARY TABLE c (id int)";
        assert_eq!(of(sql, Backend::Mysql), ["`a``b`"]);
        assert_eq!(of("CREATE VIRTUAL TABLE [a b] USING fts5(x)", Backend::Sqlite), ["[a b]"]);
    }
}
