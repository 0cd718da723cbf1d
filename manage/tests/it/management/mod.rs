//! The commands of the app `it`, as an app of a project has them.

pub(crate) mod commands {
    manage::__private::command_files!(pub(crate) "tests/it/management/commands");
}

/// Lets `cargo fmt` see what the macro declares.
#[cfg(rustfmt)]
mod commands {
    mod _private;
    mod alone;
    mod asks;
    mod asks_last;
    mod asks_more;
    mod awaits;
    mod cache;
    mod calls;
    mod calls_now;
    mod chooses;
    mod cooks;
    mod counts;
    mod counts_things;
    mod derived;
    mod fails;
    mod filtered;
    mod greet;
    mod hold;
    mod hold_key;
    mod hooked;
    mod later;
    mod leaves_out;
    mod never_asks;
    mod orders;
    mod own_options;
    mod pays;
    mod plain;
    mod polls;
    mod prints;
    mod queries;
    mod reads;
    mod secret_work;
    mod sums;
    mod takes;
    mod talks;
    mod twice;
    mod writes;
}
