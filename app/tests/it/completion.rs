//! Completion in real shells: TAB is pressed in a terminal, and the screen is read. And the listing in such a
//! terminal.

use std::fs;
use std::path::{Path, PathBuf};

use manage_test_support::{CaseName, Need, PROMPT, Program, Suite, Terminal, TestDatabase, case, needs};

use crate::project::Project;

/// A test for each shell.
fn in_each_shell(suite: &mut Suite, name: &CaseName, test: fn(&'static str)) {
    for shell in ["bash", "zsh", "fish", "elvish"] {
        suite.needs(Need::Shell(shell), name.on(shell), move || test(shell));
    }
}

/// A person's home, with the completion installed as the program says, and a project beside it.
struct Home {
    project: Project,
    shell: &'static str,
}

impl Home {
    fn new(shell: &'static str) -> Self {
        let project = Project::new(TestDatabase::sqlite()).filled();
        let home = Self { project, shell };
        let script = home.project.run(&["completion", shell]).expect_success().stdout;
        let write = |name: &str, text: String| {
            let path = home.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        let prompt = PROMPT;
        match shell {
            "bash" => write(".bashrc", format!("PS1='{prompt}'\n{script}")),
            "zsh" => write(".zshrc", format!("PS1='{prompt}'\n{script}")),
            "fish" => {
                let start = format!("function fish_prompt; echo -n '{prompt}'; end\nset -g fish_greeting\n");
                write(".config/fish/config.fish", start);
                write(".config/fish/completions/manage.fish", script);
            }
            "elvish" => {
                let start =
                    format!("set edit:prompt = {{ put '{prompt}' }}\nset edit:rprompt = {{ put '' }}\n");
                write(".config/elvish/rc.elv", start + &script);
            }
            other => panic!("{other}"),
        }
        write(
            "shop/manage.toml",
            format!(
                "[databases.default]\nurl = '{}'\n[databases.archive]\nurl = 'sqlite:archive.sqlite3'\n",
                home.project.url()
            ),
        );
        write("shop/a b.toml", String::new());
        write("shop/some folder/c.toml", String::new());
        // The program is on PATH, and in the project by a path.
        for link in ["bin/manage", "shop/target/manage"] {
            write(link, String::new());
            fs::remove_file(home.path().join(link)).expect("it was there");
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_manage"), home.path().join(link)).expect("a link");
        }
        home
    }

    fn path(&self) -> PathBuf {
        self.project.folder().join("home")
    }

    fn terminal(&self) -> Terminal {
        let home = self.path().display().to_string();
        let path = format!("{home}/bin:{}", std::env::var("PATH").expect("PATH"));
        let state = format!("{home}/state");
        let variables = [("HOME", home.as_str()), ("PATH", &path), ("XDG_STATE_HOME", &state)];
        let start: &[&str] = match self.shell {
            "bash" => &["bash", "-i"],
            shell => &[shell],
        };
        Terminal::start(&self.path().join("shop"), &variables, start)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path().join("state/manage/completion.log")).unwrap_or_default()
    }
}

/// What is typed, and the line after TAB.
#[case(in_each_shell)]
fn what_is_typed_is_completed(shell: &'static str) {
    let home = Home::new(shell);
    let terminal = home.terminal();
    let mut lines = vec![
        ("manage migr", "manage migrate"),
        ("manage -v 2 showm", "manage -v 2 showmigrations"),
        ("manage --no-c", "manage --no-color"),
        ("manage migrate --pl", "manage migrate --plan"),
        ("manage check --force", "manage check --force-color"),
        ("manage help wait", "manage help wait_for_db"),
        ("./target/manage migr", "./target/manage migrate"),
        ("manage check --database arch", "manage check --database archive"),
        ("manage migrate 2026-02", "manage migrate 2026-02-02-101500_index_published_at"),
        ("manage startcommand x --app a", "manage startcommand x --app app"),
        ("manage completion power", "manage completion powershell"),
        ("manage publish draft", "manage publish draft-of-mine"),
        ("manage check --settings \"a", "manage check --settings \"a b.toml\""),
    ];
    if shell == "elvish" {
        // It asks for a key before it puts in the only candidate, knows no completion by a path, and writes
        // quotes.
        lines.retain(|(typed, _)| !typed.starts_with("./") && !typed.contains('"'));
        lines.push(("manage --settings a", "manage --settings 'a b.toml'"));
    } else {
        lines.push(("manage --settings a", "manage --settings a\\ b.toml"));
        lines.push(("manage --settings some", "manage --settings some\\ folder/"));
        lines.push(("manage check --settings 'a", "manage check --settings 'a b.toml'"));
        lines.push(("manage migrate --database=arch", "manage migrate --database=archive"));
        lines.push(("manage migrate --settings=manage.t", "manage migrate --settings=manage.toml"));
        lines.push(("manage publish -- draft", "manage publish -- draft-of-mine"));
    }
    for (typed, completed) in lines {
        terminal.type_text(typed).tab();
        terminal.wait_for(&format!("{completed} after {typed}"), |screen| {
            let line = screen.lines().find_map(|line| line.strip_prefix(PROMPT)).unwrap_or_default();
            line.trim_end() == completed
        });
        terminal.clear();
    }
    assert_eq!(home.log(), "");
}

/// Where several fit, TAB shows them; descriptions where the shell has a place for them.
#[case(in_each_shell)]
fn choices_are_shown(shell: &'static str) {
    let home = Home::new(shell);
    let terminal = home.terminal();
    for (typed, shown, described) in [
        (
            "manage ",
            &["check_pages", "completion", "wait_for_db"][..],
            "Bring a database's schema up to date",
        ),
        ("manage check --database ", &["archive", "default"], "archive.sqlite3"),
        ("manage migrate ", &["2026-01-05-090000_create_articles", "zero"], "Before the first"),
    ] {
        // Two times: bash shows them at the second.
        terminal.type_text(typed.trim_end()).type_text(" ").tab();
        if shell == "bash" {
            terminal.tab();
        }
        terminal.wait_for(typed, |screen| {
            shown.iter().all(|value| screen.contains(value))
                && (shell == "bash" || screen.contains(described))
        });
        terminal.clear();
    }
}

/// Nothing but the line that was typed is on the screen when the settings are broken; the log says why.
#[case(in_each_shell)]
fn trouble_is_silent(shell: &'static str) {
    let home = Home::new(shell);
    fs::write(home.path().join("shop/manage.toml"), "[databases\n").expect("a file");
    let terminal = home.terminal();
    terminal.type_text("manage check --database d").tab();
    terminal.wait_for("a line in the log", |_| home.log().contains("manage.toml, line 1"));
    terminal.type_text("efault");
    let screen = terminal.screen();
    let only = "ready> manage check --database default";
    // Elvish says that there are no candidates; that is its own.
    assert!(screen.trim() == only || shell == "elvish" && screen.contains(only), "{screen}");
    assert!(!screen.contains("manage.toml") && !screen.contains("panicked"), "{screen}");
    assert_eq!(home.log().lines().count(), 1, "{}", home.log());
}

/// A table that is missing is the function's error: it goes to the log of the process, and to nowhere else.
#[case]
fn an_error_is_silent_in_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::new(env!("CARGO_BIN_EXE_manage"))
        .cwd(folder.path())
        .env("XDG_STATE_HOME", folder.path())
        .args(["__complete", "fish", "manage", "publish", ""])
        .run(std::time::Duration::from_secs(60))
        .expect_success();
    assert_eq!((program.stdout.contains("draft"), program.stderr.as_str()), (false, ""), "{program}");
    let log = fs::read_to_string(Path::new(folder.path()).join("manage/completion.log")).expect("a log");
    assert!(log.contains(": publish: no such table"), "{log}");
}

/// In a narrow terminal the descriptions are wrapped beside the names, and in a very narrow one they are
/// below.
#[case(needs(Need::Shell("bash")))]
fn the_listing_fits_the_terminal() {
    let home = Home::new("bash");
    let terminal = home.terminal();
    for (columns, expected) in [
        (
            50,
            "    showmigrations    List the migrations, and\n                      which of them are applied\n",
        ),
        (38, "    showmigrations\n        List the migrations, and which\n        of them are applied\n"),
    ] {
        terminal.type_text(&format!("clear; stty cols {columns}; manage")).enter();
        terminal.wait_for("the end of the listing", |screen| {
            screen.contains("wait_for_db") && screen.trim_end().ends_with(PROMPT.trim_end())
        });
        let screen: String = terminal.screen().lines().map(|line| format!("{}\n", line.trim_end())).collect();
        assert!(screen.contains(expected), "{columns} columns: {screen}");
        assert!(screen.lines().all(|line| line.chars().count() <= columns), "{columns} columns: {screen}");
        terminal.clear();
    }
}
