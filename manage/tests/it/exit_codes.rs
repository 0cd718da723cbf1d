//! A configuration error ends a command with 78, wherever it is found; a wrong argument with 2.

use manage::prelude::*;
use manage_test_support::case;

use crate::project::Project;

/// The exit code and stderr of a command line, with these variables.
fn ran(variables: &[(&str, &str)], line: &str) -> (u8, String) {
    let project = variables.iter().fold(Project::new(), |project, (name, value)| project.env(name, value));
    let ran = project.run(line);
    assert_eq!(ran.out.replace("Performing system checks...", "").trim(), "", "{line}\n{}", ran.all());
    (ran.exit.0, ran.err)
}

#[case]
fn settings_that_cannot_be_read() {
    for (name, value) in [
        ("DATABASE_URL", "oracle://db"),
        ("DATABASE_URL", "postgres://db/x?sslmode=loud"),
        ("DATABASE_URL_FILE", "./none"),
        ("MANAGE_ENV", "a b"),
        ("MANAGE_SETTINGS", "none.toml"),
    ] {
        for line in ["greet you", "migrate", "migrate --skip-checks", "showmigrations", "wait_for_db --once"]
        {
            let (code, err) = ran(&[(name, value)], line);
            assert_eq!(code, 78, "{name} {line}\n{err}");
            assert!(err.contains(name), "{name} {line}\n{err}");
        }
    }
    for text in ["[databases", "[databases.default]\nurll = \"x\"\n", "[runserver]\naddress = 8000\n"] {
        let ran = Project::new().file("manage.toml", text).run("greet you");
        assert!(
            ran.exit.0 == 78 && ran.err.starts_with("Error: ") && ran.err.contains("manage.toml, line "),
            "{}",
            ran.all()
        );
    }
    // It has found what it looks for.
    let checked = Project::new().env("DATABASE_URL", "oracle://db").run("check");
    assert!(checked.exit.0 == 1 && checked.err.contains("manage.E001"), "{}", checked.all());
}

#[cfg(feature = "runserver")]
#[case]
fn settings_of_runserver() {
    for (name, value) in [
        ("MANAGE_RUNSERVER_ADDRESS", "127.0.0.1:99999"),
        ("MANAGE_RUNSERVER_ADDRESS", "many"),
        ("MANAGE_SERVER_ALLOWED_HOSTS", "https://example.org/"),
        ("MANAGE_SERVER_MAX_CONNECTIONS", "0"),
        ("MANAGE_SERVER_CLIENT_TIMEOUT", "long"),
    ] {
        let (code, err) = ran(&[(name, value)], "runserver");
        assert!(code == 78 && err.starts_with(&format!("Error: {name} (environment): ")), "{code} {err}");
    }
    let project = Project::new().file("manage.toml", "\n[runserver]\naddress = \"127.0.0.1:99999\"\n");
    let of_file = project.run("runserver");
    assert!(
        of_file.exit.0 == 78 && of_file.err.contains("manage.toml, line 3: address '127.0.0.1:99999'"),
        "{}",
        of_file.all()
    );
    for address in ["0:99999", "99999", "many"] {
        let (code, err) = ran(&[("MANAGE_RUNSERVER_ADDRESS", "many")], &format!("runserver {address}"));
        assert!(
            code == 2 && err.starts_with(&format!("Error: '{address}' is not a valid port")),
            "{code} {err}"
        );
    }
}

#[case]
fn a_backend_that_is_not_compiled_in() {
    let url = match (cfg!(feature = "mysql"), cfg!(feature = "postgres"), cfg!(feature = "sqlite")) {
        (false, ..) => "mysql://db/x",
        (_, false, _) => "postgres://db/x",
        (.., false) => "sqlite:x.db",
        _ => return,
    };
    for line in ["greet you", "migrate --skip-checks"] {
        let (code, err) = ran(&[("DATABASE_URL", url)], line);
        assert!(code == 78 && err.contains("built without"), "{line}: {code} {err}");
    }
}

#[case]
fn an_alias_that_is_unknown() {
    let (code, err) = ran(&[], "migrate --database nope");
    assert!(code == 2 && err.contains("There is no database 'nope'"), "{code} {err}");
    let project = manage::testing::Project::new(manage::Program::new(&["it"]));
    let called = project.call(|cx| cx.database("nope").map(drop));
    assert_eq!(called.transcript.exit, Exit::CONFIGURATION);
}

#[case]
fn settings_that_a_command_asks_for() {
    #[derive(Debug, Default, serde::Deserialize)]
    struct Shop {
        #[expect(dead_code, reason = "it cannot be read")]
        port: u16,
    }
    let project = || manage::testing::Project::new(manage::Program::new(&["it"]));
    // As a command passes it on, without a conversion.
    let called =
        project().env("MANAGE_APPS__SHOP__PORT", "many").call(|cx| Ok(cx.settings()?.app::<Shop>("shop")?));
    let expected = "Error: MANAGE_APPS__SHOP__PORT (environment): expected a whole number from 0 to 65535, found a text.\n\
                    Hint: Write it in digits alone.\n";
    assert_eq!((called.transcript.stderr.as_str(), called.transcript.exit), (expected, Exit::CONFIGURATION));
    let called = project().env("KEY_FILE", "./none").call(|cx| {
        let key = cx.settings()?.variable("KEY").context("The key is needed.")?;
        Ok(key.is_some())
    });
    assert_eq!(called.transcript.exit, Exit::CONFIGURATION);
    assert!(
        called.transcript.stderr.starts_with("Error: The key is needed.\nCaused by: Cannot read "),
        "{}",
        called.transcript
    );
}
