//! The built-in commands, one file each. A new one is also named here, where `cargo fmt` sees it.

mod check;
mod completion;
mod help;
#[cfg(feature = "schema")]
mod inspectdb;
#[cfg(feature = "schema")]
mod makemigrations;
mod migrate;
mod runserver;
mod serve;
mod show_urls;
mod showmigrations;
mod sqlmigrate;
#[cfg(feature = "schema")]
mod squashmigrations;
#[cfg(feature = "startapp")]
mod startapp;
mod startcommand;
mod startdeploy;
mod version;
mod wait_for_db;

#[cfg(test)]
mod tests {
    /// A file that is named nowhere is never compiled, and its command does not exist.
    #[test]
    fn every_file_of_a_command_is_a_module() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands");
        let list = include_str!("mod.rs");
        for entry in std::fs::read_dir(directory).expect("the commands") {
            let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
            // The parts of a command are in a directory of its name.
            let module = name.strip_suffix(".rs").unwrap_or(&name);
            assert!(
                module == "mod" || list.contains(&format!("\nmod {module};\n")),
                "{name} is named nowhere"
            );
        }
    }
}
