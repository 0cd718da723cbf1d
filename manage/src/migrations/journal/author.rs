//! Who migrates, for the journal.

use crate::isolation::machine;

/// Returns the user, the machine, the process and the program: `app@web-1 4242 manage`.
pub(super) fn author() -> String {
    let user = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
    let program = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .unwrap_or_default();
    let user = user.or_else(user_id).unwrap_or_default();
    let author = format!("{user}@{} {} {program}", machine().unwrap_or_default(), std::process::id());
    author.trim_end().chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(unix)]
fn user_id() -> Option<String> {
    Some(format!("uid {}", rustix::process::getuid().as_raw()))
}

#[cfg(not(unix))]
fn user_id() -> Option<String> {
    None
}
