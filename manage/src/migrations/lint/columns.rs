//! Definitions of columns and constraints that `ALTER TABLE` adds.

use super::scan::Scan;
use super::tokens::Reader;
use crate::settings::Backend;

/// Functions and types whose call in a default is the same for all rows, so that PostgreSQL stores it once.
const NOT_VOLATILE: &str = " NOW CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP LOCALTIME LOCALTIMESTAMP \
    TRANSACTION_TIMESTAMP STATEMENT_TIMESTAMP CURRENT_SETTING CURRENT_SCHEMA CURRENT_USER DATE_TRUNC DATE_PART EXTRACT \
    TIMEZONE TO_TIMESTAMP TO_DATE TO_CHAR TO_NUMBER MAKE_DATE MAKE_TIME MAKE_TIMESTAMP MAKE_TIMESTAMPTZ MAKE_INTERVAL \
    COALESCE NULLIF GREATEST LEAST LOWER UPPER INITCAP LENGTH LEFT RIGHT SUBSTR SUBSTRING REPLACE TRIM CONCAT FORMAT \
    REPEAT ABS ROUND FLOOR CEIL MOD MD5 SHA256 ENCODE DECODE CAST ROW ARRAY ARRAY_FILL JSON_BUILD_OBJECT \
    JSON_BUILD_ARRAY JSONB_BUILD_OBJECT JSONB_BUILD_ARRAY TO_JSON TO_JSONB INT4RANGE INT8RANGE NUMRANGE TSRANGE \
    TSTZRANGE DATERANGE INT4MULTIRANGE INT8MULTIRANGE NUMMULTIRANGE TSMULTIRANGE TSTZMULTIRANGE DATEMULTIRANGE \
    AGE ARRAY_APPEND ARRAY_LENGTH ARRAY_POSITION ARRAY_PREPEND ARRAY_REMOVE ARRAY_REPLACE ARRAY_TO_JSON \
    ARRAY_TO_STRING BIT_COUNT BIT_LENGTH BTRIM CARDINALITY CBRT CEILING CHAR_LENGTH CHARACTER_LENGTH CHR CONCAT_WS \
    CURRENT_CATALOG CURRENT_DATABASE CURRENT_ROLE CURRENT_SCHEMAS DATE_BIN DEGREES DIV EXP FACTORIAL FAMILY GCD \
    HOST JSON_ARRAY_LENGTH JSON_OBJECT JSON_STRIP_NULLS JSONB_ARRAY_LENGTH JSONB_INSERT JSONB_OBJECT JSONB_PRETTY \
    JSONB_SET JSONB_STRIP_NULLS JUSTIFY_DAYS JUSTIFY_HOURS JUSTIFY_INTERVAL LCM LN LOG LOG10 LPAD LTRIM MASKLEN \
    MULTIRANGE NETMASK NETWORK NORMALIZE OCTET_LENGTH OVERLAY PI POSITION POW POWER QUOTE_IDENT QUOTE_LITERAL \
    QUOTE_NULLABLE RADIANS RANGE_MERGE REGEXP_MATCH REGEXP_REPLACE REGEXP_SUBSTR REVERSE ROW_TO_JSON RPAD RTRIM \
    SCALE SESSION_USER SHA224 SHA384 SHA512 SIGN SPLIT_PART SQRT STRING_TO_ARRAY STRPOS TO_ASCII TO_HEX TO_TSQUERY \
    TO_TSVECTOR TRANSLATE TRIM_ARRAY TRIM_SCALE TRUNC UNISTR WIDTH_BUCKET VARCHAR CHAR CHARACTER VARYING NUMERIC DECIMAL FLOAT BIT TIME TIMESTAMP TIMESTAMPTZ INTERVAL \
    POINT BOX LINE CIRCLE PRECISION ZONE UUID_NIL IN AND OR NOT ";

/// The words that end the expression of a default.
const AFTER_DEFAULT: [&str; 17] = [
    "NOT",
    "CONSTRAINT",
    "CHECK",
    "UNIQUE",
    "PRIMARY",
    "REFERENCES",
    "GENERATED",
    "COLLATE",
    "COMMENT",
    "AFTER",
    "FIRST",
    "ON",
    "AUTO_INCREMENT",
    "INVISIBLE",
    "VISIBLE",
    "KEY",
    "NULL",
];

/// Returns whether a part of a `CREATE TABLE` or what follows `ADD` is a constraint or an index rather than a
/// column.
pub(super) fn is_constraint(part: Reader<'_>) -> bool {
    let is_key = part.is(&["PRIMARY", "KEY"]) || part.is(&["FOREIGN", "KEY"]);
    let is_list = matches!(part.word(), "CHECK" | "UNIQUE" | "EXCLUDE" | "CONSTRAINT" | "LIKE");
    is_key || is_list
}

/// Reads what follows `ADD [COLUMN] [IF NOT EXISTS]`: a name, a type and constraints.
pub(super) fn added(scan: &mut Scan, at: Reader<'_>, table: &str, mut rest: Reader<'_>) {
    let column = rest.name();
    let type_name = rest.word();
    let has = |words: &[&str]| rest.has(words);
    let is_stored = rest
        .after(&["AS"])
        .is_some_and(|mut rest| rest.eat_parentheses() && matches!(rest.word(), "STORED" | "PERSISTENT"));
    let is_virtual = !is_stored && (has(&["AS"]) && rest.after(&["AS"]).is_some_and(|rest| rest.is(&["("])));
    let is_identity = has(&["AS", "IDENTITY"]);
    let is_serial =
        matches!(type_name, "SERIAL" | "BIGSERIAL" | "SMALLSERIAL" | "SERIAL4" | "SERIAL8" | "SERIAL2");
    let is_counter = match scan.backend {
        Backend::Postgres => is_identity || is_serial,
        Backend::Mysql => has(&["AUTO_INCREMENT"]) || type_name == "SERIAL",
        Backend::Sqlite => false,
    };
    let default = rest.after(&["DEFAULT"]).filter(|value| !value.is(&["NULL"]));
    if is_counter {
        scan.report("adding-serial-column", at);
    } else if is_stored {
        let rule = match scan.backend {
            Backend::Sqlite => "adding-column-to-empty-table",
            Backend::Postgres | Backend::Mysql => "adding-field-with-default",
        };
        scan.report(rule, at);
    } else if let Some(default) = default {
        of_default(scan, at, default);
    }
    // A default, also a volatile one, fills the rows.
    let is_filled = is_counter || is_stored || is_virtual || default.is_some();
    let is_not_null = has(&["NOT", "NULL"]) || has(&["PRIMARY", "KEY"]);
    scan.nulls.add_column(table, &column, is_not_null);
    if is_not_null && !is_filled {
        scan.report("adding-required-field", at);
    }
    if scan.is(Backend::Postgres) {
        if type_name == "JSON" {
            scan.report("adding-json-field", at);
        }
        if has(&["PRIMARY", "KEY"]) {
            scan.report("adding-serial-primary-key-field", at);
        }
        if has(&["UNIQUE"]) {
            scan.report("disallowed-unique-constraint", at);
        }
        if has(&["CHECK"]) {
            scan.report("constraint-missing-not-valid", at);
        }
    }
    if has(&["REFERENCES"]) && !scan.is(Backend::Sqlite) {
        of_foreign_key(scan, at);
    }
}

fn of_default(scan: &mut Scan, at: Reader<'_>, default: Reader<'_>) {
    match scan.backend {
        Backend::Postgres => {
            if is_volatile(default.until(&AFTER_DEFAULT)) {
                scan.report("adding-field-with-default", at);
            }
        }
        // `CURRENT_TIMESTAMP(6)` is allowed without parentheses around it, and is computed once.
        Backend::Mysql => {
            if default.is(&["("]) && default.inside().0.iter().any(|token| token.word == "(") {
                scan.report("adding-field-with-default", at);
            }
        }
        Backend::Sqlite => {
            let is_time = matches!(default.word(), "CURRENT_TIMESTAMP" | "CURRENT_DATE" | "CURRENT_TIME");
            let is_expression = default.is(&["("]) && default.inside().0.len() > 1;
            if is_time || is_expression {
                scan.report("adding-column-to-empty-table", at);
            }
        }
    }
}

/// Returns whether an expression calls a function that may differ for each row. Unknown functions may.
fn is_volatile(expression: Reader<'_>) -> bool {
    expression.0.windows(2).any(|pair| {
        let is_call =
            pair[1].word == "(" && pair[0].word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        is_call && !NOT_VOLATILE.contains(&format!(" {} ", pair[0].word))
    })
}

fn of_foreign_key(scan: &mut Scan, at: Reader<'_>) {
    if !scan.skips_foreign_keys {
        scan.report("adding-foreign-key-constraint", at);
    }
}

/// Reads what follows `ADD` for a constraint.
pub(super) fn added_constraint(scan: &mut Scan, at: Reader<'_>, table: &str, mut rest: Reader<'_>) {
    let mut name = String::new();
    let is_kind = |rest: Reader<'_>| {
        matches!(rest.word(), "PRIMARY" | "FOREIGN" | "UNIQUE" | "CHECK" | "EXCLUDE" | "NOT")
    };
    if rest.eat(&["CONSTRAINT"]) && !is_kind(rest) {
        name = rest.name();
    }
    let is_valid = !rest.has(&["NOT", "VALID"]);
    if !is_valid {
        scan.nulls.add_constraint(table, &name, rest.after(&["CHECK"]));
        scan.not_valid.insert(format!("{table}.{name}"));
    }
    let has_index = rest.has(&["USING", "INDEX"]) && scan.is(Backend::Postgres);
    match (rest.word(), scan.backend) {
        (_, Backend::Sqlite) => scan.report("unread-statement", at),
        ("PRIMARY", Backend::Postgres) if !has_index => scan.report("adding-serial-primary-key-field", at),
        ("UNIQUE", Backend::Postgres) if !has_index => scan.report("disallowed-unique-constraint", at),
        ("EXCLUDE", Backend::Postgres) => scan.report("adding-exclusion-constraint", at),
        ("NOT", Backend::Postgres) if is_valid => scan.report("adding-not-nullable-field", at),
        ("FOREIGN", _) if is_valid => of_foreign_key(scan, at),
        ("CHECK", _) if is_valid && !rest.has(&["NOT", "ENFORCED"]) => {
            scan.report("constraint-missing-not-valid", at);
        }
        _ => {}
    }
}
