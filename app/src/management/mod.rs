//! Lets `cargo fmt` find the commands. The build keeps this list; it is never compiled.

mod commands {
    mod check_pages;
    mod delete_drafts;
    mod import_posts;
    mod publish;
}
