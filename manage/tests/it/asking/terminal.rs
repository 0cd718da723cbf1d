//! Questions, progress and tables in a real terminal, with real keys.

use std::path::Path;
use std::time::Duration;

use manage_test_support::{CaseName, Need, PROMPT, Suite, Terminal, case, happens_within, wait_until};

use crate::project::AS_PROGRAM;
use crate::stopping;

const SOON: Duration = Duration::from_secs(60);

fn in_bash(suite: &mut Suite, name: &CaseName, test: fn(Person)) {
    suite.needs(Need::Shell("bash"), name, move || test(Person::new()));
}

/// Somebody at a shell, with this test program as `./m`.
struct Person {
    terminal: Terminal,
    folder: tempfile::TempDir,
}

impl Person {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let this = std::env::current_exe().expect("this program");
        std::os::unix::fs::symlink(this, folder.path().join("m")).expect("a link");
        std::fs::write(folder.path().join("rc"), format!("PS1='{PROMPT}'\n")).expect("a file");
        let path = std::env::var("PATH").expect("PATH");
        let variables = [("PATH", path.as_str()), (AS_PROGRAM, "1")];
        let terminal = Terminal::start(folder.path(), &variables, &["bash", "--rcfile", "rc", "-i"]);
        Self { terminal, folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a command, and waits for what it asks. At its end its exit code is shown.
    fn start(&self, words: &str, question: &str) {
        // Its number is that of the shell that it replaces.
        let line = format!("sh -c 'echo $$ > pid; exec ./m talks {words}'; echo \"ended $?\"");
        self.terminal.clear().type_text(&line).enter();
        self.sees(question);
    }

    fn sees(&self, text: &str) {
        self.terminal.wait_for(text, |screen| screen.contains(text));
    }

    /// Waits for the end; gives the screen.
    fn ends(&self, code: u8) -> String {
        let end = format!("ended {code}\n{}", PROMPT.trim_end());
        self.terminal.wait_for(&end, |screen| screen.trim_end().ends_with(&end));
        self.terminal.screen()
    }

    fn modes(&self, name: &str) -> String {
        // The shell's own line editor has other modes than it gives to its commands.
        self.terminal.clear().type_text(&format!("stty -a > {name}; echo written")).enter();
        self.sees(&format!("written\n{}", PROMPT.trim_end()));
        std::fs::read_to_string(self.path().join(name)).expect("the modes")
    }
}

#[case(in_bash)]
fn yes_no_and_enter(person: Person) {
    for (key, yes) in [("y", true), ("n", false), ("yes", true), ("no", false)] {
        person.start("confirm", "Is it soup?");
        person.terminal.type_unseen(key).enter();
        assert!(person.ends(0).contains(&format!("confirmed: {yes}")));
    }
    person.start("confirm", "Is it soup?");
    person.terminal.enter();
    assert!(person.ends(0).contains("confirmed: false"));
    person.start("destroy", "Are you sure?");
    person.terminal.enter();
    assert!(person.ends(1).contains("Not confirmed: nothing was done."));
}

#[case(in_bash)]
fn a_choice_by_keys(person: Person) {
    person.start("select", "pea");
    person.terminal.press("Down").press("Down").enter();
    assert!(person.ends(0).contains("chosen: 2"));
}

#[case(in_bash)]
fn a_text_is_asked_again(person: Person) {
    person.start("text", "How many?");
    person.terminal.type_text("many").enter();
    person.sees("“many”: invalid digit");
    person.terminal.type_text("42").enter();
    assert!(person.ends(0).contains("number: 42"));
}

#[case(in_bash)]
fn a_secret_is_not_shown(person: Person) {
    person.start("secret", "The secret?");
    person.terminal.type_unseen("hunter2").enter();
    let screen = person.ends(0);
    assert!(screen.contains("letters: 7") && !screen.contains("hunter2"), "{screen}");
}

#[case(in_bash)]
fn a_new_password_is_typed_twice(person: Person) {
    person.start("password", "Password:");
    let again = |times: usize| {
        let asked = |screen: &str| screen.matches("Password (again):").count() == times;
        person.terminal.wait_for("the second question", asked);
    };
    person.terminal.type_unseen("hunter2").enter();
    again(1);
    person.terminal.type_unseen("hunter3").enter();
    person.sees("The passwords do not match. Type both again.");
    person.terminal.type_unseen("hunter22").enter();
    again(2);
    person.terminal.type_unseen("hunter22").enter();
    let screen = person.ends(0);
    assert!(screen.contains("letters: 8") && !screen.contains("hunter"), "{screen}");
}

#[case(in_bash)]
fn a_line_is_edited(person: Person) {
    person.start("text", "How many?");
    person
        .terminal
        .type_text("14")
        .press("Left")
        .type_unseen("2")
        .press("Home")
        .press("DC")
        .press("End")
        .press("BSpace");
    person
        .terminal
        .wait_for("what is left", |screen| screen.lines().any(|line| line.trim() == "How many? 2"));
    person.terminal.enter();
    assert!(person.ends(0).contains("number: 2\n"));
    // A line that is longer than the terminal, and back.
    person.start("text", "How many?");
    let long = "국".repeat(70);
    person.terminal.type_text(&long);
    person.terminal.press("C-u").type_text("7").enter();
    let screen = person.ends(0);
    assert!(screen.contains("How many? 7\nnumber: 7\n") && !screen.contains('국'), "{screen}");
}

#[case(in_bash)]
fn control_d_ends_a_question(person: Person) {
    let before = person.modes("before");
    for (question, text) in QUESTIONS {
        for typed in ["", "3"] {
            person.start(question, text);
            if !typed.is_empty() {
                person.terminal.type_unseen(typed);
            }
            person.terminal.press("C-d");
            let screen = person.ends(1);
            assert!(
                screen.contains("Error: The input ended before “") && screen.contains("” was answered."),
                "{screen}"
            );
            assert!(person.terminal.shows_cursor(), "{question}");
            assert_eq!(person.modes("after"), before, "{question}");
        }
    }
}

/// One that the signal does not end, as with `nohup`.
#[case(in_bash)]
fn a_terminal_that_hangs_up_ends_a_question(person: Person) {
    drop(person);
    for (question, text) in QUESTIONS {
        let person = Person::new();
        let line = format!("sh -c 'trap \"\" HUP; ./m talks {question}; echo $? > code'");
        person.terminal.clear().type_text(&line).enter();
        person.sees(text);
        let Person { terminal, folder } = person;
        drop(terminal);
        let code = || std::fs::read_to_string(folder.path().join("code")).unwrap_or_default();
        wait_until(SOON, "it ends", || code().ends_with('\n'));
        assert_eq!(code(), "1\n", "{question}");
    }
}

#[case(in_bash)]
fn a_bar_of_bytes(person: Person) {
    person.start("bytes done.txt", "1.50 MiB/3.00 MiB (");
    person.sees("reading 2.00 KiB (");
    std::fs::write(person.path().join("done.txt"), "").expect("a file");
    person.ends(0);
}

const QUESTIONS: [(&str, &str); 5] = [
    ("confirm", "Is it soup?"),
    ("select", "pea"),
    ("text", "How many?"),
    ("secret", "The secret?"),
    ("password", "Password:"),
];

#[case(in_bash)]
fn control_c_leaves_the_terminal_sane(person: Person) {
    stays_sane(&person, 130, |person| {
        person.terminal.press("C-c");
    });
}

#[case(in_bash)]
fn sigterm_leaves_the_terminal_sane(person: Person) {
    stays_sane(&person, 143, |person| {
        let pid = std::fs::read_to_string(person.path().join("pid")).expect("a number");
        // Twice, as `timeout` does; the first one may have ended it already.
        let twice = format!("kill -TERM {0} && {{ kill -TERM {0} || true; }}", pid.trim());
        let status = std::process::Command::new("sh").args(["-c", &twice]).status();
        assert!(status.expect("kill").success());
    });
}

fn stays_sane(person: &Person, code: u8, stop: fn(&Person)) {
    let before = person.modes("before");
    assert!(before.contains(" echo ") && before.contains(" icanon"), "{before}");
    for (question, text) in QUESTIONS {
        person.start(question, text);
        // A key is waited for.
        wait_until(SOON, "the terminal waits for a key", || person.terminal.screen().contains(text));
        stop(person);
        person.ends(code);
        assert!(person.terminal.shows_cursor(), "{question}");
        assert_eq!(person.modes("after"), before, "{question}");
    }
}

#[case(in_bash)]
fn a_bar_is_gone_afterwards(person: Person) {
    person.start("bar eaten.txt", "3/4");
    let screen = person.terminal.screen();
    let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}: {screen}"));
    assert!(place("spoon 1\nspoon 2\nspoon 3\n") < place("cooking"), "{screen}");
    std::fs::write(person.path().join("eaten.txt"), "").expect("a file");
    let screen = person.ends(0);
    assert!(screen.contains("spoon 1\nspoon 2\nspoon 3\neaten\nended 0\n"), "{screen}");
    assert!(!screen.contains("3/4") && !screen.contains("cooking"), "{screen}");
    // Nothing of it with -v 0.
    std::fs::remove_file(person.path().join("eaten.txt")).expect("it was there");
    person.start("bar eaten.txt -v0", "spoon 3");
    assert!(!happens_within(Duration::from_secs(1), || person.terminal.screen().contains("3/4")));
    std::fs::write(person.path().join("eaten.txt"), "").expect("a file");
    person.ends(0);
}

#[case(in_bash)]
fn a_table_fits(person: Person) {
    person.start("table", "ended 0");
    let screen = person.ends(0);
    let rows = screen.lines().filter(|line| line.contains("면")).count();
    // 60 words of 3 columns do not fit in one line of 100.
    assert_eq!(rows, 2, "{screen}");
    assert!(screen.contains("\n국수  면 면") && screen.contains("\n      면 면"), "{screen}");
    assert!(screen.contains("\nsoup  two\n      lines\n"), "{screen}");
}

#[case]
fn no_bar_in_a_pipe() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("eaten.txt"), "").expect("a file");
    let line = format!("talks bar {}", folder.path().join("eaten.txt").display());
    let transcript = stopping::program(&line).run(SOON).expect_success();
    assert_eq!(transcript.stdout, "spoon 1\nspoon 2\nspoon 3\neaten\n");
    assert_eq!(transcript.stderr, "");
    // Nobody can be asked there.
    let refused = stopping::program("talks confirm").run(SOON).expect_code(1);
    assert!(refused.stderr.contains("Cannot prompt for “Is it soup?” without a terminal"), "{refused}");
}
