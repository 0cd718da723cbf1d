//! The declarative macros: `main!`, `commands!` and the support of `async` commands.

#[doc = include_str!("docs/main.md")]
/// ```
#[doc = include_str!("docs/own_main.rs")]
/// ```
#[macro_export]
macro_rules! main {
    ($($app:ident),+ $(,)?) => {
        $(extern crate $app as _;)+

        fn main() -> ::std::process::ExitCode {
            $crate::__manage_program!($($app),+).main()
        }
    };
    () => {
        ::core::compile_error!("name the crates that have commands: `manage::main!(app);`");

        fn main() {}
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write the crate's name as in code, with underscores and without quotes: `manage::main!(my_app, billing);`"
        );

        fn main() {}
    };
}

/// The [`Program`](crate::Program) of these apps, in their order of precedence: what [`main!`] runs, for
/// tests and for a `main` of your own.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # {
/// let project = manage::testing::Project::new(manage::program!(shop));
/// assert_eq!(project.run(["price", "cup"]).expect_success().stdout, "6\n");
/// # }
/// ```
///
/// Inside an app's own crate, write `Program::new(&["shop"])`: a crate cannot name itself.
#[macro_export]
macro_rules! program {
    ($($app:ident),+ $(,)?) => {{
        // A crate that is not referenced is not linked.
        $(extern crate $app as _;)+
        $crate::__manage_program!($($app),+)
    }};
    () => {
        ::core::compile_error!("name the crates that have commands: `manage::program!(app)`")
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write the crate's name as in code, with underscores and without quotes: `manage::program!(my_app, billing)`"
        )
    };
}

/// Registers the directory of an app's static files, relative to its package: the files are at
/// `/static/APP/…`.
///
/// ```
/// // src/lib.rs
/// # #[cfg(any())]
/// # mod example {
/// manage::static_files!("static");
/// # }
/// # let _ =
/// // In a template: the URL with the hash of the content.
/// manage::static_url!("site.css")
/// # ;
/// ```
///
/// In development the files are read from the directory. A build without debug assertions contains them, so
/// the program needs no other files; add `println!("cargo::rerun-if-changed=static");` to `build.rs`, so that
/// cargo notices a new file. Responses have an `ETag` and `Last-Modified`, ranges are possible, and if
/// `site.css.br` or `site.css.gz` exists, a browser that accepts it gets that instead of `site.css`.
///
/// It needs the feature `static`. An app has one such directory.
#[cfg(feature = "static")]
#[macro_export]
macro_rules! static_files {
    ($folder:literal) => {
        const _: () = {
            #[derive($crate::__private::rust_embed::RustEmbed)]
            #[crate_path = "::manage::__private::rust_embed"]
            #[folder = $folder]
            struct Files;

            $crate::__private::inventory::submit! {
                $crate::__private::StaticRegistration::new(
                    <Files as $crate::__private::rust_embed::RustEmbed>::get,
                    if ::core::cfg!(debug_assertions) {
                        ::core::option::Option::Some(::core::concat!(
                            ::core::env!("CARGO_MANIFEST_DIR"),
                            "/",
                            $folder
                        ))
                    } else {
                        ::core::option::Option::None
                    },
                    ::core::module_path!(),
                    ::core::file!(),
                    ::core::line!(),
                )
            }
        };
    };
}

/// Returns the URL of a static file of this app, with the hash of its content: see
/// [`server::static_url`](crate::server::static_url).
#[cfg(feature = "static")]
#[macro_export]
macro_rules! static_url {
    ($path:expr $(,)?) => {
        $crate::server::static_url($crate::__private::app_of(::core::module_path!()), $path)
    };
}

/// A program, with what the compiler knows of it in the package that the macro is expanded in.
#[doc(hidden)]
#[macro_export]
macro_rules! __manage_program {
    ($($app:ident),+) => {
        $crate::Program::new(&[$(::core::stringify!($app)),+])
            .version(::core::env!("CARGO_PKG_VERSION"))
            .built($crate::__private::Build {
                manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
                bin: ::core::option_env!("CARGO_BIN_NAME"),
                options: $crate::__private::build_options!(),
            })
    };
}

#[doc = include_str!("docs/commands.md")]
#[macro_export]
macro_rules! commands {
    () => {
        /// The app's management commands.
        pub mod management {
            /// One file each, discovered automatically.
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

/// Reports the missing feature of an async command.
#[cfg(not(feature = "async"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __manage_block_on {
    ($future:expr) => {
        ::core::compile_error!("an `async fn` command needs the feature `async` of the package diesel-manage")
    };
}

#[doc = include_str!("docs/migrations.md")]
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
            $crate::__private::inventory::submit! {
                $crate::__private::MigrationsRegistration::new(
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
        $crate::__private::Part::Before(&[$(($crate::__manage_backend!($backend), &[$($statement),+])),+])
    };
    (before $other:tt) => {
        ::core::compile_error!(
            "list the statements to run before migrations for each backend: `before: { mysql: [\"SET FOREIGN_KEY_CHECKS = 0\"] }`"
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
        ::core::compile_error!("write the directory of migrations in quotes: `postgres: \"migrations/postgres\"`")
    };
    (@ $backend:expr, $folder:literal) => {
        $crate::__private::Part::Folder($backend, $folder, $crate::__private::embedded_migrations!($crate $folder))
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
