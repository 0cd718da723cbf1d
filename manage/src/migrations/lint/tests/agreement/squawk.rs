//! The tests of Squawk's rules, in the sources that cargo has downloaded.

use std::path::{Path, PathBuf};
use std::process::Command;

use heck::ToKebabCase as _;
use proc_macro2::{TokenStream, TokenTree};

use super::{OtherCase, compare, document};
use crate::migrations::lint::rules::rule_named;
use crate::settings::Backend;

/// The tests with another result: `-`, we report nothing; `+`, only we report something.
const DIFFERENT: [&str; 10] = [
    // The number of arguments is not compared; PostgreSQL refuses this one itself.
    "adding-field-with-default default_random_with_args_err: -",
    // Of PostgreSQL 11, which is no longer maintained.
    "adding-field-with-default docs_example_error_on_pg_11: -",
    "adding-not-nullable-field pg11_cross_migration_validate_then_set_not_null_err: -",
    "adding-not-nullable-field regression_gh_issue_628_pg11_with_validated_check_err: -",
    // SET NOT NULL reads the rows of each table with such a column.
    "ban-alter-domain-with-add-constraint ok: +",
    // `migrate` opens a transaction for one statement, too.
    "ban-concurrent-index-creation-in-transaction assuming_in_transaction_ok: +",
    "ban-concurrent-index-creation-in-transaction squawk_disable_assume_in_transaction_overrides: +",
    // Reported once, as adding-foreign-key-constraint.
    "constraint-missing-not-valid adding_fk_err: -",
    // It locks the table on every version, whether or not the version has a better way.
    "prefer-repack cluster_below_pg19_ok: +",
    "prefer-repack vacuum_full_below_pg19_ok: +",
];

#[test]
fn the_tests_of_squawk_give_the_same_results() {
    let (folder, version) = sources();
    let mut cases = Vec::new();
    let mut unread = Vec::new();
    for entry in std::fs::read_dir(folder.join("src/rules")).expect("the rules of Squawk") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let tokens: TokenStream = text.parse().expect("Rust");
            read_module(&tokens, &mut cases, &mut unread);
        }
    }
    // Its SQL is put together when it runs.
    assert_eq!(unread, ["quoted_identifier_with_escaped_quotes_message_unescapes_quotes"]);
    cases.retain(|case| {
        let rule = case.rule.as_deref().and_then(rule_named);
        rule.is_some_and(|rule| rule.text(Backend::Postgres).is_some())
    });
    let agreement = compare(&cases);
    assert_eq!(agreement.different, DIFFERENT);
    let row = format!("| Squawk {version} | PostgreSQL | {} |", agreement.total());
    assert!(document().contains(&row), "docs/guide/migration-lint.md lacks: {row}\n{}", agreement.lines());
}

/// Returns the directory of the crate `squawk-linter`, and its version.
fn sources() -> (PathBuf, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).current_dir(root).output().expect("a program");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let host = run("rustc", &["--print", "host-tuple"]);
    // Without crates for other platforms, which may not have been downloaded.
    let words =
        ["metadata", "--locked", "--format-version", "1", "--features", "squawk", "--filter-platform"];
    let metadata = run(env!("CARGO"), &[&words[..], &[host.trim()]].concat());
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON");
    let mut packages = metadata["packages"].as_array().expect("packages").iter();
    let linter = packages.find(|package| package["name"] == "squawk-linter").expect("squawk-linter");
    let manifest = Path::new(linter["manifest_path"].as_str().expect("a path"));
    let version = linter["version"].as_str().expect("a version");
    (manifest.parent().expect("a directory").to_owned(), version.to_owned())
}

/// Reads the functions of `mod test`.
fn read_module(file: &TokenStream, cases: &mut Vec<OtherCase>, unread: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = file.clone().into_iter().collect();
    for (nth, pair) in tokens.windows(2).enumerate() {
        if !(is(&pair[0], "mod") && (is(&pair[1], "test") || is(&pair[1], "tests"))) {
            continue;
        }
        let Some(TokenTree::Group(body)) = tokens.get(nth + 2) else { continue };
        let body: Vec<TokenTree> = body.stream().into_iter().collect();
        // The functions that stand in for Squawk's own name the rule.
        let module_rule = rule(&flattened(&body));
        for (nth, pair) in body.windows(2).enumerate() {
            // A function with parameters is called by the tests.
            let is_test =
                is(&pair[0], "fn") && body.get(nth + 2).is_some_and(|token| token.to_string() == "()");
            let Some(TokenTree::Group(function)) =
                is_test.then(|| body[nth..].iter().find(|token| is_block(token))).flatten()
            else {
                continue;
            };
            let tokens = flattened(&function.stream().into_iter().collect::<Vec<_>>());
            read_function(&pair[1].to_string(), &tokens, module_rule.as_deref(), cases, unread);
        }
    }
}

/// Reads the calls in a function: `lint_ok(sql, …)`, `lint_errors(sql, …)` and `fix(sql)`.
fn read_function(
    name: &str,
    tokens: &[TokenTree],
    module_rule: Option<&str>,
    cases: &mut Vec<OtherCase>,
    unread: &mut Vec<String>,
) {
    let in_transaction =
        tokens.windows(3).any(|three| is(&three[0], "assume_in_transaction") && is(&three[2], "true"));
    let mut sql = None;
    for (nth, token) in tokens.iter().enumerate() {
        if is(token, "let") && tokens.get(nth + 1).is_some_and(|token| is(token, "sql")) {
            sql = tokens.get(nth + 3).and_then(text);
        }
        let is_reported = match token.to_string().as_str() {
            "lint_ok" | "lint_ok_with" => false,
            "lint_errors" | "lint_errors_with" | "fix" | "fix_sql" | "fix_sql_with" => true,
            _ => continue,
        };
        // A call, and not a path such as `test_utils::lint_ok`.
        let Some(TokenTree::Group(arguments)) = tokens.get(nth + 1) else { continue };
        let arguments: Vec<TokenTree> = arguments.stream().into_iter().collect();
        let first = arguments.iter().find(|token| !is(token, "&"));
        let given = first.and_then(text).or_else(|| sql.clone());
        let rule = rule(&arguments).or_else(|| module_rule.map(str::to_owned));
        match (given, rule) {
            (Some(sql), Some(rule)) => cases.push(OtherCase {
                test: format!("{rule} {name}"),
                backend: Backend::Postgres,
                sql,
                in_transaction,
                is_reported,
                rule: Some(rule),
            }),
            _ => unread.push(name.to_owned()),
        }
    }
}

/// Returns the name of the first rule, from `Rule::RenamingTable`.
fn rule(tokens: &[TokenTree]) -> Option<String> {
    let found =
        tokens.windows(4).find(|four| is(&four[0], "Rule") && is(&four[1], ":") && is(&four[2], ":"))?;
    Some(found[3].to_string().to_kebab_case())
}

/// Returns the tokens, each group followed by what it contains.
fn flattened(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut flat = Vec::new();
    for token in tokens {
        flat.push(token.clone());
        if let TokenTree::Group(group) = token {
            flat.extend(flattened(&group.stream().into_iter().collect::<Vec<_>>()));
        }
    }
    flat
}

fn is(token: &TokenTree, text: &str) -> bool {
    !matches!(token, TokenTree::Group(_)) && token.to_string() == text
}

fn is_block(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Brace)
}

/// Returns the value of a string literal.
fn text(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
}
