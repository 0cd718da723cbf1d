//! Mistakes that were planted are found, made small and can be repeated.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use manage_test_support::case;
use manage_test_support::fuzz::{FUZZ_SECONDS, Fuzz, any_text, mutated, sentence};

const TOKENS: &[&str] = &["a", "b", "c", "(", ")", "=", "quote\"", " "];

/// What a target says of a property that does not hold.
fn failure(folder: &str, property: impl Fn(&str) -> Result<(), String>) -> String {
    let run = || Fuzz::new(folder, "planted").texts(sentence(TOKENS, 20), property);
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the mistake is found");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[case]
fn a_planted_mistake_is_found_and_made_small() {
    let said = failure("none", |text| match text.contains("(=") {
        true => Err("a mistake".to_owned()),
        false => Ok(()),
    });
    assert!(said.contains("MANAGE_TEST_SEED=") && said.contains("a mistake"), "{said}");
    assert!(said.contains("\n\"(=\"\n"), "it is as small as can be: {said}");
    // Changes of valid inputs get there as well.
    let inputs = mutated(vec!["a = b".to_owned(), "c".to_owned()], TOKENS);
    let property = |text: &str| if text.contains("((") { Err("two".to_owned()) } else { Ok(()) };
    let run = || Fuzz::new("none", "planted").texts(inputs, property);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

#[case]
fn a_panic_is_a_failure() {
    let said = failure("none", |text| {
        assert!(!text.contains("quote"), "planted");
        Ok(())
    });
    assert!(said.contains("planted") && said.contains("\"quote\\\"\""), "{said}");
}

#[case]
fn kept_inputs_come_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("tests/fuzz/planted");
    std::fs::create_dir_all(&kept).expect("a folder");
    std::fs::write(kept.join("once"), "never random: 密密").expect("a file");
    let package = folder.path().to_str().expect("UTF-8");
    let said = failure(package, |text| if text.contains("密密") { Err("again".to_owned()) } else { Ok(()) });
    assert!(said.contains("the kept input once: again"), "{said}");
    assert_eq!(Fuzz::new(package, "planted").examples(), ["never random: 密密"]);
}

#[case]
fn the_same_seed_has_the_same_inputs() {
    // Otherwise the seed is the clock's.
    if std::env::var_os(FUZZ_SECONDS).is_some() {
        return;
    }
    let inputs = || {
        let inputs = RefCell::new(Vec::new());
        Fuzz::new("none", "planted").texts(any_text(30), |text| {
            inputs.borrow_mut().push(text.to_owned());
            Ok(())
        });
        inputs.into_inner()
    };
    let first = inputs();
    assert!(first.len() > 100 && first == inputs());
}
