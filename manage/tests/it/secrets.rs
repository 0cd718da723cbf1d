//! Passwords of odd characters, raw and encoded, in each place where one may stand: no piece of them is ever
//! shown.
//!
//! The cases are the same on each run; CI tries five times as many.

use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex};

use manage::Program;
use manage::console::Output;
use manage::settings::Environment;
use manage_test_support::{Backend, TestDatabase, case, random_cases};

use crate::backends::on_each_server;
use crate::random::Random;

impl Random {
    /// Letters and digits that stand in no message, directory or number: four of them cannot be there by
    /// chance.
    fn piece(&mut self, letters: &[u8]) -> String {
        (0..4 + self.below(5)).map(|_| char::from(letters[self.below(letters.len())])).collect()
    }

    /// Pieces with odd characters between them.
    fn password(&mut self) -> Password {
        const ODD: [&str; 26] = [
            ":", "@", "/", "?", "#", "%", "[", "]", "&", "=", " ", "'", "\"", "\\", "é", "密", "$", "`", ";",
            ",", "://", "%41", "%zz", "{", "}", "+",
        ];
        let letters: &[u8] = if self.below(2) == 0 { b"qxzjvwk" } else { b"QXZJVWK" };
        let mut password = Password { text: self.piece(letters), pieces: Vec::new() };
        password.pieces.push(password.text.clone());
        for _ in 0..self.below(4) {
            for _ in 0..=self.below(2) {
                password.text.push_str(self.one_of(&ODD));
            }
            let piece = self.piece(letters);
            password.text.push_str(&piece);
            password.pieces.push(piece);
        }
        password
    }
}

struct Password {
    text: String,
    pieces: Vec<String>,
}

impl Password {
    fn encoded(&self) -> String {
        crate::backends::url_part(&self.text)
    }

    /// As it is, or as a URL has it.
    fn written(&self, random: &mut Random) -> String {
        if random.below(2) == 0 { self.text.clone() } else { self.encoded() }
    }

    #[track_caller]
    fn is_not_in(&self, shown: &str, case: &str) {
        for piece in &self.pieces {
            for four in piece.as_bytes().windows(4) {
                let four = std::str::from_utf8(four).expect("ASCII");
                assert!(!shown.contains(four), "`{four}` of the password shows\n{case}\n--- shown\n{shown}");
            }
        }
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All that one command says.
fn shown(folder: &std::path::Path, variables: &[(String, String)], words: &[&str]) -> String {
    let buffer = Buffer::default();
    let environment = Environment::new(variables.to_vec(), folder.to_owned());
    let output = Output::new(buffer.clone(), buffer.clone());
    let exit = Program::new(&["it"]).run(words.iter().copied(), environment, output);
    let text = String::from_utf8_lossy(&buffer.0.lock().unwrap()).into_owned();
    format!("{text}(exit {})", exit.0)
}

/// What all the commands say that look at the settings.
fn shown_by_all(folder: &std::path::Path, variables: &[(String, String)]) -> String {
    const COMMANDS: [&[&str]; 4] = [
        &["check"],
        &["check", "--database", "default"],
        &["wait_for_db", "--once", "--attempt-timeout", "0.2"],
        &["wait_for_db", "--once", "--attempt-timeout", "0.2", "--all", "--format", "json"],
    ];
    let mut all = String::new();
    for words in COMMANDS {
        let _ = writeln!(all, "$ {words:?}\n{}", shown(folder, variables, words));
    }
    all
}

fn variable(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn folder() -> tempfile::TempDir {
    // Its own name must not hold a piece by chance.
    tempfile::Builder::new().prefix("secrets").rand_bytes(0).suffix(&next()).tempdir().expect("a folder")
}

fn next() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Nothing listens at this address.
const DEAD: &str = "127.0.0.1:1";

#[case]
fn in_urls_of_databases() {
    let (mut random, folder) = (Random(1), folder());
    for _ in 0..random_cases(1_000) {
        let password = random.password();
        let p = password.written(&mut random);
        let scheme = random.one_of(&[
            "postgres",
            "postgresql",
            "mysql",
            "mariadb",
            "sqlite",
            "oracle",
            "Postgres",
            "http",
        ]);
        let url = match random.below(13) {
            0..=3 => format!("{scheme}://app:{p}@{DEAD}/name"),
            4 => format!("{scheme}://{DEAD}/name?password={p}"),
            5 => format!("{scheme}://app@{DEAD}/name?sslmode=disable&password={p}"),
            6 => format!("{scheme}://app:{p}@{DEAD}"),
            7 => format!("{scheme}:app:{p}@{DEAD}/name"),
            8 => format!("{scheme}:/app:{p}@{DEAD}/name"),
            9 => format!("app:{p}@{DEAD}/name"),
            10 => format!("{scheme}://app:{p}@127.0.0.1:port/name"),
            11 => format!("{scheme}://app:{p}@{DEAD}/name?sslmode=odd&password={p}"),
            _ => format!("{scheme}://app:{p}@{DEAD},{DEAD}/name?connect_timeout={p}"),
        };
        let shown = shown_by_all(folder.path(), &[variable("DATABASE_URL", &url)]);
        password.is_not_in(&shown, &url);
    }
}

#[case]
fn in_variables_and_files_they_name() {
    let (mut random, folder) = (Random(2), folder());
    std::fs::create_dir(folder.path().join("folder")).expect("a folder");
    for _ in 0..random_cases(100) {
        let password = random.password();
        let p = &password.text;
        std::fs::write(folder.path().join("secret"), p).expect("a file");
        let url = variable("DATABASE_URL", format!("postgres://app@{DEAD}/name"));
        let file_url = format!("postgres://app:{}@{DEAD}/name", password.written(&mut random));
        std::fs::write(folder.path().join("url"), &file_url).expect("a file");
        let parts = |family: &str, name: &str, value: &str| {
            vec![
                variable(&format!("{family}_HOST"), "127.0.0.1"),
                variable(&format!("{family}_PORT"), "1"),
                variable(&format!("{family}_{name}"), value),
            ]
        };
        for variables in [
            vec![url.clone(), variable("DATABASE_PASSWORD", p)],
            vec![url.clone(), variable("DATABASE_PASSWORD_FILE", "secret")],
            vec![url.clone(), variable("DATABASE_PASSWORD_FILE", "folder"), variable("DATABASE_PASSWORD", p)],
            vec![url, variable("DATABASE_PASSWORD_FILE", "secret"), variable("DATABASE_PASSWORD", p)],
            vec![variable("DATABASE_URL_FILE", "url")],
            // Without a scheme, what has a slash is the path of an SQLite file.
            vec![variable("DATABASE_URL_FILE", if p.contains('/') { "url" } else { "secret" })],
            parts("POSTGRES", "PASSWORD", p),
            parts("POSTGRES", "PASSWORD_FILE", "secret"),
            parts("MYSQL", "PASSWORD", p),
            parts("MARIADB", "PASSWORD_FILE", "secret"),
            // A password where another part belongs.
            parts("POSTGRES", "PORT", p),
            parts("POSTGRES", "SSLMODE", p),
        ] {
            password.is_not_in(&shown_by_all(folder.path(), &variables), &format!("{p}\n{variables:?}"));
        }
    }
}

#[case]
fn in_the_settings_file() {
    let (mut random, folder) = (Random(3), folder());
    for _ in 0..random_cases(400) {
        let password = random.password();
        let (p, url) =
            (&password.text, format!("postgres://app:{}@{DEAD}/name", password.written(&mut random)));
        let literal = format!("'{}'", p.replace('\'', ""));
        let text = match random.below(11) {
            0 => format!("[databases.default]\nurl = {url:?}\n"),
            1 => format!("[databases.default]\nurl = 'postgres://app@{DEAD}/name'\npassword = {literal}\n"),
            2 => format!("[databases.default]\nurl = {url}\n"),
            3 => format!("[databases.default]\npassword = {p}\n"),
            4 => format!("[databases.default]\npassword = \"{p}\n"),
            5 => format!("[databases.default\npassword = {literal}\n"),
            6 => format!("[databases.default]\npassword = {literal} {literal}\n"),
            7 => format!("[databases.default]\npassword = {literal}\npassword = {literal}\n"),
            8 => format!("[databases.default]\nurl = [{literal}]\n"),
            9 => format!("[databases.default]\nport = {literal}\nbackend = {literal}\n"),
            _ => format!("[databases.default]\nsslmode = {literal}\nurl = {url:?}\n"),
        };
        std::fs::write(folder.path().join("manage.toml"), &text).expect("a file");
        password.is_not_in(&shown_by_all(folder.path(), &[]), &text);
    }
}

#[case]
fn in_lines_of_dotenv() {
    let (mut random, folder) = (Random(4), folder());
    for _ in 0..random_cases(400) {
        let password = random.password();
        let (p, url) =
            (&password.text, format!("postgres://app:{}@{DEAD}/name", password.written(&mut random)));
        let text = match random.below(8) {
            0 => format!("DATABASE_URL={url}\n"),
            1 => format!("DATABASE_URL='{url}'\n"),
            2 => format!("DATABASE_URL=\"{url}\n"),
            3 => format!("export DATABASE_PASSWORD={p}\nDATABASE_URL=postgres://app@{DEAD}/name\n"),
            4 => format!("DATABASE_PASSWORD '{p}'\n"),
            5 => format!("DATABASE_PASSWORD='{p}\nDATABASE_URL=\"x\n"),
            6 => format!("DATABASE_PASSWORD=\"{p}\" {p}\n"),
            _ => format!("DATABASE_PASSWORD: {p}\n"),
        };
        std::fs::write(folder.path().join(".env"), &text).expect("a file");
        password.is_not_in(&shown_by_all(folder.path(), &[]), &text);
    }
}

#[case]
fn in_urls_of_services() {
    let (mut random, folder) = (Random(5), folder());
    for i in 0..random_cases(1_500) {
        let password = random.password();
        let p = password.written(&mut random);
        let scheme = random
            .one_of(&["redis", "rediss", "http", "https", "amqp", "amqps", "tcp", "gopher", "postgres"]);
        let url = match random.below(9) {
            0..=2 => format!("{scheme}://app:{p}@{DEAD}/0"),
            3 => format!("{scheme}://:{p}@{DEAD}"),
            // A single value may be a token.
            4 => format!("{scheme}://{}@{DEAD}", password.encoded()),
            5 => format!("{scheme}://{DEAD}/?token={p}"),
            6 => format!("{scheme}:app:{p}@{DEAD}"),
            7 => format!("app:{p}@{DEAD}"),
            _ => format!("{scheme}://app:{p}@127.0.0.1:port/?password={p}"),
        };
        let format = if i % 2 == 0 { "json" } else { "text" };
        let words = [
            "wait_for_db",
            "--no-database",
            "--once",
            "--attempt-timeout",
            "0.2",
            "--format",
            format,
            "--for",
            &url,
        ];
        password.is_not_in(&shown(folder.path(), &[], &words), &url);
        // Where it does not belong.
        for words in [["wait_for_db", &url], ["check", &url], ["wait_for_db", &format!("--database={url}")]] {
            if url.contains("://") {
                password.is_not_in(&shown(folder.path(), &[], &words), &url);
            }
        }
    }
}

#[case(on_each_server)]
fn after_a_refused_login(backend: Backend) {
    let (mut random, folder) = (Random(6), folder());
    let database = TestDatabase::new(backend);
    for _ in 0..10 {
        let password = random.password();
        let mut settings = crate::backends::settings(database.url());
        settings.password = Some(manage::settings::Secret::new(&password.text));
        let variables = [variable("DATABASE_URL", settings.url().expose())];
        let shown = [
            shown_by_all(folder.path(), &variables),
            shown(folder.path(), &variables, &["migrate", "--traceback"]),
            shown(folder.path(), &variables, &["showmigrations"]),
        ];
        assert!(shown[0].contains("refuses the password"), "{}", shown[0]);
        password.is_not_in(&shown.join("\n"), &password.text);
    }
}
