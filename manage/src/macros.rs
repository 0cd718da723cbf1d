//! The declarative macros: `main!`, `commands!` and what stands behind `async` commands.

/// Writes the `main` of a project's `manage` program, from its apps in their order of precedence.
///
/// An app is a crate that has commands. Naming it here also links it: the commands of a crate that the program
/// never names do not exist.
///
/// ```ignore
/// // src/bin/manage.rs
/// manage::main!(app, billing);
/// ```
#[macro_export]
macro_rules! main {
    ($($app:ident),+ $(,)?) => {
        $(extern crate $app as _;)+

        fn main() -> ::std::process::ExitCode {
            $crate::Program::new(&[$(::core::stringify!($app)),+]).version(::core::env!("CARGO_PKG_VERSION")).main()
        }
    };
    () => {
        ::core::compile_error!("name the crates that have commands: `manage::main!(app);`");

        fn main() {}
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "an app is named as code names its crate, with underscores and without quotes: `manage::main!(my_app, billing);`"
        );

        fn main() {}
    };
}

/// The [`Program`](crate::Program) of these apps, in their order of precedence: what [`main!`] runs, for tests and for
/// other programs of the project.
///
/// ```ignore
/// let project = manage::testing::Project::new(manage::program!(shop, billing));
/// ```
///
/// Inside an app's own crate, write `Program::new(&["shop"])`: a crate cannot name itself so.
#[macro_export]
macro_rules! program {
    ($($app:ident),+ $(,)?) => {{
        // A crate that is never named is not linked.
        $(extern crate $app as _;)+
        $crate::Program::new(&[$(::core::stringify!($app)),+]).version(::core::env!("CARGO_PKG_VERSION"))
    }};
    () => {
        ::core::compile_error!("name the crates that have commands: `manage::program!(app)`")
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "an app is named as code names its crate, with underscores and without quotes: `manage::program!(my_app, billing)`"
        )
    };
}

/// Declares the modules of an app's commands: every file of `src/management/commands/`.
///
/// It stands once in the app's `src/lib.rs`. A new file there is a new command on the next build, provided that
/// `build.rs` prints `cargo::rerun-if-changed=src/management/commands`.
///
/// `cargo fmt` looks into no macro. It finds the commands by a list, which the build keeps in `src/management/mod.rs` if
/// `src/lib.rs` says:
///
/// ```ignore
/// #[cfg(rustfmt)]
/// mod management;
/// ```
#[macro_export]
macro_rules! commands {
    () => {
        /// The app's management commands.
        pub mod management {
            /// One file each, found by themselves.
            pub mod commands {
                #![allow(missing_docs)]
                $crate::__private::command_files!(pub "src/management/commands");
            }
        }

        $crate::__private::inventory::submit! {
            $crate::__private::App::new(::core::module_path!(), ::core::env!("CARGO_MANIFEST_DIR"))
        }
    };
}

/// Runs the future of an async command.
#[cfg(feature = "async")]
#[doc(hidden)]
#[macro_export]
macro_rules! __manage_block_on {
    ($future:expr) => {
        $crate::__private::run_to_end($future)?
    };
}

/// Says what an async command lacks.
#[cfg(not(feature = "async"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __manage_block_on {
    ($future:expr) => {
        ::core::compile_error!("an `async fn` command needs the feature `async` of the package diesel-manage")
    };
}

/// Registers an app's migrations, which are compiled into the program.
///
/// One directory for every backend, or one for each whose SQL differs. Paths start from the package's directory.
///
/// ```ignore
/// manage::migrations!("migrations");
///
/// manage::migrations! {
///     sqlite: "../migrations/sqlite",
///     postgres: "../migrations/postgres",
///     mysql: "../migrations/mysql",
/// }
/// ```
///
/// `before` lists statements that prepare the session, for each backend that needs some. They run before each of these
/// migrations, on the connection that migrates, and what they set is set back after it:
///
/// ```ignore
/// manage::migrations! {
///     sqlite: "migrations/sqlite",
///     mysql: "migrations/mysql",
///     before: { mysql: ["SET FOREIGN_KEY_CHECKS = 0"] },
/// }
/// ```
#[macro_export]
macro_rules! migrations {
    ($folder:literal $(,)?) => {
        $crate::__manage_migrations!(all $folder);
    };
    ($folder:literal, before: $before:tt $(,)?) => {
        $crate::__manage_migrations!(all $folder, before $before);
    };
    ($($name:ident: $value:tt),+ $(,)?) => {
        $crate::__manage_migrations!($($name $value),+);
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write `manage::migrations!(\"migrations\");`, or a directory for each backend: `manage::migrations! { sqlite: \"…\", postgres: \"…\" }`"
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __manage_migrations {
    ($($name:ident $value:tt),+) => {
        const _: () = {
            // Diesel's macro writes paths that start with this name.
            use $crate::__private::diesel_migrations;

            $crate::__private::inventory::submit! {
                $crate::migrations::Registration::new(
                    &[$($crate::__manage_migrations_part!($name $value)),+],
                    (::core::module_path!(), ::core::file!(), ::core::line!()),
                    ::core::env!("CARGO_MANIFEST_DIR"),
                )
            }
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __manage_migrations_part {
    (before { $($backend:ident: [$($statement:literal),+ $(,)?]),+ $(,)? }) => {
        $crate::migrations::Part::Before(&[$(($crate::__manage_backend!($backend), &[$($statement),+])),+])
    };
    (before $other:tt) => {
        ::core::compile_error!(
            "the statements to run before migrations are a list for each backend: `before: { mysql: [\"SET FOREIGN_KEY_CHECKS = 0\"] }`"
        )
    };
    (all $folder:literal) => {
        $crate::__manage_migrations_part!(@ ::core::option::Option::None, $folder)
    };
    (sqlite $folder:literal) => {
        $crate::__manage_migrations_part!(@ ::core::option::Option::Some($crate::settings::Backend::Sqlite), $folder)
    };
    (postgres $folder:literal) => {
        $crate::__manage_migrations_part!(@ ::core::option::Option::Some($crate::settings::Backend::Postgres), $folder)
    };
    (mysql $folder:literal) => {
        $crate::__manage_migrations_part!(@ ::core::option::Option::Some($crate::settings::Backend::Mysql), $folder)
    };
    ($name:ident $other:literal) => {
        ::core::compile_error!("migrations are for `sqlite`, `postgres` or `mysql`, and `before` lists statements to run before them")
    };
    ($name:ident $other:tt) => {
        ::core::compile_error!("the directory of migrations is a text in quotes: `postgres: \"migrations/postgres\"`")
    };
    (@ $backend:expr, $folder:literal) => {
        $crate::migrations::Part::Folder($backend, $folder, {
            static FOLDER: diesel_migrations::EmbeddedMigrations = diesel_migrations::embed_migrations!($folder);
            &FOLDER
        })
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __manage_backend {
    (sqlite) => {
        $crate::settings::Backend::Sqlite
    };
    (postgres) => {
        $crate::settings::Backend::Postgres
    };
    (mysql) => {
        $crate::settings::Backend::Mysql
    };
    ($other:ident) => {
        ::core::compile_error!("statements before migrations are for `sqlite`, `postgres` or `mysql`")
    };
}

/// clap's `value_parser!`, for the arguments of commands. See [`command::value`](crate::command::value).
#[doc(hidden)]
#[macro_export]
macro_rules! __manage_value_parser {
    ($type:ty) => {{
        use $crate::command::value::ways::*;
        (&&&&&&&&&$crate::command::value::Value::<$type>::new()).value_parser()
    }};
}
