//! Which files a program is made of, and what each looks like now.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::{DirEntry, WalkBuilder};

use super::{Origin, dep_info};

/// Files of the whole workspace that change what cargo builds.
const OF_WORKSPACE: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    ".cargo/config",
];

/// The files whose changes matter. Cargo's list of sources names those that exist; modules that do not exist
/// yet are Rust files in a directory of one of its packages.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The directories of the packages.
    packages: BTreeSet<PathBuf>,
    /// Directories in which every file counts, such as those that a build script names.
    whole: BTreeSet<PathBuf>,
    /// Other files, whether they exist or not.
    files: BTreeSet<PathBuf>,
    /// Files that the program reads when it starts.
    settings: BTreeSet<PathBuf>,
    /// Directories of files that the program reads for each request.
    pages: BTreeSet<PathBuf>,
    target: PathBuf,
}

/// What a file looked like. An atomic save makes a new file, perhaps with an old time.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// What all files looked like, and the directories in which there may be new ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    stamps: BTreeMap<PathBuf, Stamp>,
    pub(super) directories: BTreeSet<PathBuf>,
}

/// The difference of two looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Changed, new and removed files.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) demand: Demand,
}

/// What changes demand; the last one includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Demand {
    /// Pages in browsers show old files.
    #[default]
    Pages,
    /// The program has read old settings.
    Restart,
    /// There is something for cargo to do.
    Build,
}

impl Scope {
    /// Reads cargo's list again. If there is none, the Rust files of the program's own package count.
    pub(super) fn new(origin: &Origin, settings: &[PathBuf], pages: &[PathBuf]) -> Self {
        let listed = dep_info::read(&origin.dep_info, &origin.package).unwrap_or_default();
        let target = origin.target.clone();
        let [settings, pages] = [settings, pages].map(|paths| paths.iter().cloned().collect::<BTreeSet<_>>());
        let mut scope = Self { settings, pages, target, ..Self::default() };
        scope.packages.insert(origin.package.clone());
        for path in listed {
            match owner(&path) {
                // A build script writes there.
                _ if path.starts_with(&scope.target) => {}
                // A build script names it for programs that contain its files.
                _ if scope.pages.contains(&path) => {}
                _ if path.is_dir() => drop(scope.whole.insert(path)),
                Some(package) => {
                    scope.packages.insert(package.to_owned());
                    scope.files.insert(path);
                }
                None => drop(scope.files.insert(path)),
            }
        }
        for package in &scope.packages {
            for directory in up_to_workspace(package) {
                scope.files.extend(OF_WORKSPACE.iter().map(|name| directory.join(name)));
            }
        }
        scope
    }

    /// Returns whether a look is worth while after an event about this file. Databases and logs beside the
    /// sources are written all the time.
    pub(super) fn may_matter(&self, path: &Path) -> bool {
        let is_rust = || path.extension().is_some_and(|extension| extension == "rs");
        // The name of a directory, or of a file that was replaced.
        let is_above = || self.files.iter().chain(&self.settings).any(|file| file.starts_with(path));
        is_rust()
            || path.extension().is_none()
            || is_above()
            || self.whole.iter().chain(&self.pages).any(|whole| path.starts_with(whole))
    }

    /// Returns whether a look finds this file, if it exists.
    fn covers(&self, path: &Path) -> bool {
        let is_below =
            |directories: &BTreeSet<PathBuf>| directories.iter().any(|above| path.starts_with(above));
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        self.files.contains(path)
            || self.settings.contains(path)
            || is_below(&self.whole)
            || is_below(&self.pages)
            || is_rust && is_below(&self.packages) && !self.is_list(path)
    }

    /// Returns whether a file is the list of commands for `cargo fmt`, which the build writes and never compiles.
    fn is_list(&self, path: &Path) -> bool {
        path.ends_with("src/management/mod.rs") && !self.files.contains(path)
    }

    /// Looks at all files.
    pub(super) fn look(&self) -> Look {
        let mut look = Look::default();
        for entry in self.packages.iter().flat_map(|package| self.entries(package)) {
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                look.directories.insert(entry.into_path());
            } else if entry.path().extension().is_some_and(|extension| extension == "rs")
                && !self.is_list(entry.path())
            {
                look.add(entry.path());
            }
        }
        for entry in self.whole.iter().chain(&self.pages).flat_map(|directory| self.entries(directory)) {
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                look.directories.insert(entry.into_path());
            } else if !is_temporary(entry.path()) {
                look.add(entry.path());
            }
        }
        for file in self.files.iter().chain(&self.settings) {
            look.add(file);
            look.directories.extend(file.parent().filter(|directory| directory.is_dir()).map(Path::to_owned));
        }
        look
    }

    /// What git does not ignore, without what cargo writes and without packages that are not part of the
    /// program.
    fn entries(&self, directory: &Path) -> impl Iterator<Item = DirEntry> {
        let (target, packages, top) = (self.target.clone(), self.packages.clone(), directory.to_owned());
        WalkBuilder::new(directory)
            .require_git(false)
            .filter_entry(move |entry| {
                let path = entry.path();
                let is_foreign =
                    || path != top && path.join("Cargo.toml").is_file() && !packages.contains(path);
                path != target && !(entry.file_type().is_some_and(|kind| kind.is_dir()) && is_foreign())
            })
            .build()
            .filter_map(Result::ok)
    }

    /// Compares two looks.
    pub(super) fn changes(&self, before: &Look, after: &Look) -> Changes {
        let gone = before.stamps.keys().filter(|path| !after.stamps.contains_key(*path));
        let changed = after
            .stamps
            .iter()
            .filter(|(path, stamp)| before.stamps.get(*path) != Some(stamp))
            .map(|(path, _)| path);
        let files: Vec<PathBuf> = changed.chain(gone).cloned().collect();
        let demand = files.iter().map(|file| self.demand(file)).max().unwrap_or_default();
        Changes { files, demand }
    }

    fn demand(&self, file: &Path) -> Demand {
        if self.settings.contains(file) {
            Demand::Restart
        // A source may include one.
        } else if !self.files.contains(file) && self.pages.iter().any(|directory| file.starts_with(directory))
        {
            Demand::Pages
        } else {
            Demand::Build
        }
    }

    /// Returns whether a source is newer than a program that was made of it. Settings are read at its start.
    pub(super) fn is_newer(&self, look: &Look, program: &Path) -> bool {
        let Ok(built) = fs::metadata(program).and_then(|metadata| metadata.modified()) else { return false };
        look.stamps.iter().any(|(path, stamp)| {
            !path.ends_with("Cargo.lock")
                && self.demand(path) == Demand::Build
                && stamp.modified.is_some_and(|time| time > built)
        })
    }
}

impl Look {
    /// Takes over what an earlier look of another scope saw, so that the next one finds what has changed since
    /// then.
    pub(super) fn since(mut self, earlier: &Self, scope: &Scope) -> Self {
        self.stamps.retain(|path, stamp| match earlier.stamps.get(path) {
            Some(seen) => {
                stamp.clone_from(seen);
                true
            }
            // It would have been seen, so it is new.
            None => !scope.covers(path),
        });
        for (path, seen) in &earlier.stamps {
            // One that exists, and is not in the new look, is no longer part of the program.
            if !self.stamps.contains_key(path) && !path.exists() {
                self.stamps.insert(path.clone(), seen.clone());
            }
        }
        self
    }

    fn add(&mut self, path: &Path) {
        if let Ok(metadata) = fs::metadata(path) {
            self.stamps.insert(path.to_owned(), Stamp::of(&metadata));
        }
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { modified: metadata.modified().ok(), length: metadata.len(), inode: metadata.ino() }
    }
}

/// Returns the directory of the package that a file belongs to.
fn owner(path: &Path) -> Option<&Path> {
    path.ancestors().skip(1).find(|directory| directory.join("Cargo.toml").is_file())
}

/// Returns the package's directory and those above it, up to the one with cargo's lock file.
fn up_to_workspace(package: &Path) -> Vec<&Path> {
    let depth = package.ancestors().position(|directory| directory.join("Cargo.lock").is_file());
    package.ancestors().take(depth.unwrap_or(0) + 1).collect()
}

/// What editors leave for a moment.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with('~')
        || name.ends_with(".swp")
        || name.ends_with(".tmp")
        || name.starts_with('#')
        || name.contains("___jb_")
        || name == "4913"
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Project(tempfile::TempDir);

    impl Project {
        /// A workspace of a program, a library that it uses and a package that it does not.
        fn new() -> Self {
            let project = Self(tempfile::tempdir().expect("a directory"));
            for (file, text) in [
                ("Cargo.lock", ""),
                ("Cargo.toml", "[workspace]"),
                (".gitignore", "target\n/app/made\n"),
                ("app/Cargo.toml", ""),
                ("app/src/lib.rs", ""),
                ("app/src/page.html", ""),
                ("app/static/included.css", ""),
                ("app/static/style.css", ""),
                ("app/made/old.rs", ""),
                ("library/Cargo.toml", ""),
                ("library/src/lib.rs", ""),
                ("other/Cargo.toml", ""),
                ("other/src/lib.rs", ""),
                ("migrations/1/up.sql", ""),
                ("target/debug/manage", ""),
                ("target/debug/build/made.rs", ""),
            ] {
                project.write(file, text);
            }
            let listed = [
                "app/src/lib.rs",
                "app/src/page.html",
                "app/static",
                "app/static/included.css",
                "library/src/lib.rs",
                "migrations",
                "target/debug/build/made.rs",
            ];
            let listed = listed.map(|file| project.path(file).display().to_string());
            project.write("target/debug/manage.d", &format!("manage: {}\n", listed.join(" ")));
            project
        }

        fn path(&self, file: &str) -> PathBuf {
            self.0.path().join(file)
        }

        fn write(&self, file: &str, text: &str) {
            fs::create_dir_all(self.path(file).parent().expect("a parent")).expect("directories");
            fs::write(self.path(file), text).expect("a file");
        }

        fn scope(&self) -> Scope {
            self.scope_with(&[self.path("app/static")])
        }

        fn scope_with(&self, pages: &[PathBuf]) -> Scope {
            let origin = Origin {
                executable: self.path("target/debug/manage"),
                dep_info: self.path("target/debug/manage.d"),
                package: self.path("app"),
                cargo: "cargo".into(),
                target: self.path("target"),
                selections: Vec::new(),
            };
            let settings = [self.path(".env"), self.path("manage.toml")];
            Scope::new(&origin, &settings, pages)
        }

        /// Returns what is seen after a change.
        fn after(&self, change: impl FnOnce()) -> Vec<String> {
            let scope = self.scope();
            let before = scope.look();
            change();
            let changes = scope.changes(&before, &scope.look());
            let mut seen: Vec<String> = changes
                .files
                .iter()
                .map(|file| file.strip_prefix(self.0.path()).expect("inside").display().to_string())
                .collect();
            match changes.demand {
                Demand::Build => {}
                Demand::Restart => seen.push("(settings)".to_owned()),
                Demand::Pages if seen.is_empty() => {}
                Demand::Pages => seen.push("(pages)".to_owned()),
            }
            seen
        }
    }

    #[test]
    fn what_the_program_is_made_of_matters() {
        let project = Project::new();
        for file in [
            "app/src/lib.rs",
            "app/src/page.html",
            "app/src/new/module.rs",
            "app/Cargo.toml",
            "library/src/lib.rs",
            "migrations/1/up.sql",
            "migrations/2/up.sql",
            "Cargo.lock",
            "Cargo.toml",
            "rust-toolchain.toml",
            ".cargo/config.toml",
        ] {
            assert_eq!(project.after(|| project.write(file, "changed")), [file]);
            let removed = project.after(|| fs::remove_file(project.path(file)).expect("it was there"));
            assert_eq!(removed, [file]);
            project.write(file, "back");
        }
    }

    #[test]
    fn settings_need_no_build() {
        let project = Project::new();
        assert_eq!(project.after(|| project.write(".env", "A=1")), [".env", "(settings)"]);
        assert_eq!(project.after(|| project.write("manage.toml", "")), ["manage.toml", "(settings)"]);
    }

    #[test]
    fn static_files_need_no_build_unless_a_source_includes_them() {
        let project = Project::new();
        for file in ["app/static/style.css", "app/static/new.css", "app/static/deep/er/new.css"] {
            assert_eq!(project.after(|| project.write(file, "p { }")), [file, "(pages)"]);
        }
        let removed =
            project.after(|| fs::remove_file(project.path("app/static/new.css")).expect("it was there"));
        assert_eq!(removed, ["app/static/new.css", "(pages)"]);
        assert_eq!(
            project.after(|| project.write("app/static/included.css", "p { }")),
            ["app/static/included.css"]
        );
        let both = project.after(|| {
            project.write("app/static/style.css", "h1 { }");
            project.write(".env", "A=1");
        });
        assert_eq!(both, [".env", "app/static/style.css", "(settings)"]);
    }

    #[test]
    fn what_appears_while_the_scope_changes_is_new() {
        let project = Project::new();
        let (old, new) = (project.scope_with(&[]), project.scope());
        let before = old.look();
        for file in [".env", "app/src/new.rs", "migrations/2/up.sql", "app/src/lib.rs"] {
            project.write(file, "changed");
        }
        fs::remove_file(project.path("migrations/1/up.sql")).expect("it was there");
        let changes = new.changes(&new.look().since(&before, &old), &new.look());
        let files: Vec<_> = changes.files.iter().map(|file| file.strip_prefix(project.0.path())).collect();
        let expected =
            [".env", "app/src/lib.rs", "app/src/new.rs", "migrations/2/up.sql", "migrations/1/up.sql"];
        assert_eq!(
            files,
            expected.map(|file| Ok(Path::new(file))),
            "not the static files, which are in it only now"
        );
    }

    #[test]
    fn only_sources_make_a_program_old() {
        let project = Project::new();
        let program = project.path("target/debug/manage");
        let touch = |file: &str, seconds: u64| {
            let time = SystemTime::now() + std::time::Duration::from_secs(seconds);
            let file = fs::File::options().write(true).open(project.path(file)).expect("a file");
            file.set_modified(time).expect("its time");
        };
        let is_newer = || {
            let scope = project.scope();
            scope.is_newer(&scope.look(), &program)
        };
        touch("target/debug/manage", 60);
        assert!(!is_newer());
        project.write(".env", "A=1");
        touch(".env", 120);
        assert!(!is_newer(), "settings are read at the start");
        touch("app/static/style.css", 120);
        assert!(!is_newer(), "static files are read for each request");
        touch("app/src/lib.rs", 120);
        assert!(is_newer());
    }

    #[test]
    fn what_is_not_part_of_it_does_not_matter() {
        let project = Project::new();
        for file in [
            "app/made/new.rs",
            "app/src/.lib.rs.swp",
            "app/src/notes.txt",
            "app/db.sqlite3-wal",
            "migrations/1/up.sql~",
            "migrations/1/4913",
            "migrations/1/up.sql___jb_tmp___",
            "other/src/lib.rs",
            "target/debug/build/made.rs",
            "README.md",
        ] {
            assert_eq!(project.after(|| project.write(file, "changed")), [""; 0], "{file}");
        }
        // Reading is no change.
        assert_eq!(project.after(|| drop(fs::read(project.path("app/src/lib.rs")))), [""; 0]);
    }

    #[test]
    fn an_atomic_save_of_the_same_text_and_time_is_a_change() {
        let project = Project::new();
        let (file, new) = (project.path("app/src/lib.rs"), project.path("app/src/lib.rs~"));
        let modified = fs::metadata(&file).and_then(|metadata| metadata.modified()).expect("a time");
        let save = || {
            fs::write(&new, "").expect("a file");
            fs::File::options()
                .write(true)
                .open(&new)
                .and_then(|new| new.set_modified(modified))
                .expect("its time");
            fs::rename(&new, &file).expect("renamed");
        };
        assert_eq!(project.after(save), ["app/src/lib.rs"]);
    }

    #[test]
    fn directories_are_watched_for_new_files() {
        let project = Project::new();
        let directories = project.scope().look().directories;
        let below = |path: &str| directories.contains(&project.path(path));
        assert!(below("app/src") && below("library/src") && below("migrations/1") && below(""));
        assert!(!below("target") && !below("app/made") && !below("other"));
    }
}
