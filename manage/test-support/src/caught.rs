//! Panics of tests, caught with their place.

use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// On a thread that runs a test: what its last panic said.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a test. The error is what the panic hook would have printed into the output of other tests.
pub(crate) fn caught(test: impl FnOnce()) -> Result<(), String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(install_hook);
    // A property that a test tries many times is caught inside of it.
    let outer = LAST.replace(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(test));
    let said = LAST.replace(outer).unwrap_or_default();
    result.map_err(|_| said)
}

fn install_hook() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let kept = LAST.with_borrow_mut(|last| {
            let Some(last) = last else { return false };
            // A second one while the first unwinds aborts the process, and nobody could print the first.
            let first = last.is_empty();
            *last = info.to_string();
            // Unlike the default hook's, this one is never short.
            if std::env::var_os("RUST_BACKTRACE").is_some_and(|wish| wish == "full") {
                last.push_str(&format!("\n{}", Backtrace::force_capture()));
            }
            first
        });
        if !kept {
            default(info);
        }
    }));
}
