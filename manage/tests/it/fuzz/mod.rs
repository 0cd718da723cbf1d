//! What holds for every input of the parsers that projects can reach: see `manage_test_support::fuzz`.
//!
//! The kept inputs are in `tests/fuzz`. Parsers that are private have their targets beside them, in `src`.

mod completion;
mod env_files;
mod misplaced;
mod passwords;
mod settings;
mod urls;

use manage_test_support::fuzz::Fuzz;

fn target(name: &'static str) -> Fuzz {
    Fuzz::new(env!("CARGO_MANIFEST_DIR"), name)
}

/// That the lines which an error names are in the text that it is about.
fn lines_exist(error: &str, text: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n");
    let count = text.matches('\n').count() + 1;
    for (_, behind) in error.match_indices("line ").map(|(at, word)| error.split_at(at + word.len())) {
        let digits = behind.chars().take_while(char::is_ascii_digit).collect::<String>();
        let Ok(line) = digits.parse::<usize>() else { continue };
        if line == 0 || line > count {
            return Err(format!("there is no line {line} of {count}: {error}"));
        }
    }
    Ok(())
}
