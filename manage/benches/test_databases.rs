//! What a database of `manage::testing` costs: the first of a server, the first of a process, and those that
//! follow.
//!
//!     cargo bench -p diesel-manage --features mysql --bench test_databases [-- BACKEND]
//!
//! One program has the ten migrations of `benches/migrations`, the other 300, with a table each. Then it
//! prints how many tests run in a second on 1, 4 and 8 threads, with a new database for each and with a used
//! one. Such a test opens a connection and inserts a row. PostgreSQL is measured twice: as the tests of this
//! repository run it, and as packages install it, where each write waits for the disk.

#[cfg(unix)]
#[expect(clippy::print_stdout, reason = "a benchmark is there to print")]
mod bench {
    use std::process::Command;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use diesel::connection::SimpleConnection;
    use manage::__private::{EmbeddedMigration, inventory};
    use manage::Program;
    use manage::settings::{DatabaseSettings, Origin};
    use manage::testing::TestDatabase;
    use manage_test_support::{MariaDb, Postgres};

    inventory::submit! {
        manage::__private::MigrationsRegistration::new(
            &[manage::__private::Part::Folder(
                None,
                "benches/migrations",
                manage::__private::embedded_migrations!(manage "benches/migrations"),
            )],
            ("bench::migrations", file!(), line!()),
            env!("CARGO_MANIFEST_DIR"),
        )
    }

    /// A migration with a table of this number.
    macro_rules! table {
        ($ten:literal, $one:literal) => {
            EmbeddedMigration {
                name: concat!("2026-02-01-000", $ten, $one, "_table"),
                up: concat!(
                    "CREATE TABLE table_",
                    $ten,
                    $one,
                    " (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL UNIQUE, amount INTEGER NOT NULL); ",
                    "CREATE INDEX table_",
                    $ten,
                    $one,
                    "_amount ON table_",
                    $ten,
                    $one,
                    " (amount);"
                ),
                down: None,
                in_transaction: true,
                replaces: &[],
                dependencies: &[],
                limits: manage::__private::MigrationLimits::NONE,
            }
        };
    }
    macro_rules! tables {
        ($($ten:literal)*) => {
            [$([
                table!($ten, "0"), table!($ten, "1"), table!($ten, "2"), table!($ten, "3"), table!($ten, "4"),
                table!($ten, "5"), table!($ten, "6"), table!($ten, "7"), table!($ten, "8"), table!($ten, "9"),
            ]),*]
        };
    }
    static TABLES: [[EmbeddedMigration; 10]; 30] = tables!(
        "00" "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11" "12" "13" "14"
        "15" "16" "17" "18" "19" "20" "21" "22" "23" "24" "25" "26" "27" "28" "29"
    );
    inventory::submit! {
        manage::__private::MigrationsRegistration::new(
            &[manage::__private::Part::Folder(None, "benches/many", {
                static MANY: &[EmbeddedMigration] = TABLES.as_flattened();
                MANY
            })],
            ("bench_many::migrations", file!(), line!()),
            env!("CARGO_MANIFEST_DIR"),
        )
    }

    /// Turns this program into another test process, which makes one database on the server of this URL.
    const OTHER: &str = "MANAGE_BENCH_OTHER";

    pub(crate) fn main() {
        if let Ok(url) = std::env::var(OTHER) {
            let (create, drop) = once(&settings(&url));
            println!("{} {}", create.as_micros(), drop.as_micros());
            return;
        }
        let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        let wanted = |name: &str| only.as_ref().is_none_or(|only| name.to_lowercase().starts_with(&**only));
        if cfg!(feature = "sqlite") && wanted("sqlite") {
            measure("SQLite", "sqlite:bench.sqlite3");
        }
        if cfg!(feature = "postgres") && wanted("postgresql") {
            let server = Postgres::start().expect("a server");
            measure("PostgreSQL, fsync off", &server.url("bench"));
            let builder = Postgres::builder().setting("fsync = on").setting("full_page_writes = on");
            let server = builder.setting("shared_buffers = 128MB").start().expect("a server");
            measure("PostgreSQL, fsync on", &server.url("bench"));
        }
        if cfg!(feature = "mysql") && wanted("mariadb") {
            let server = MariaDb::start().expect("a server");
            measure("MariaDB", &server.url("bench"));
        }
    }

    fn settings(url: &str) -> DatabaseSettings {
        DatabaseSettings::from_url("default", url, Origin::Code).expect("a URL")
    }

    /// How long one database takes, to its first connection, and how long it takes to drop it.
    fn once(settings: &DatabaseSettings) -> (Duration, Duration) {
        let started = Instant::now();
        let database = TestDatabase::create(&Program::new(&["bench"]), settings).expect("a database");
        let connection = database.connect().expect("a connection");
        let create = started.elapsed();
        drop(connection);
        let started = Instant::now();
        drop(database);
        (create, started.elapsed())
    }

    fn measure(name: &str, url: &str) {
        let settings = settings(url);
        let first = once(&settings).0;
        let mut times: Vec<(Duration, Duration)> = (0..30).map(|_| once(&settings)).collect();
        times.sort();
        let (create, drop) = times[times.len() / 2];
        let mut processes: Vec<u64> = (0..10)
            .map(|_| {
                let output =
                    Command::new(std::env::current_exe().expect("this program")).env(OTHER, url).output();
                let text = String::from_utf8(output.expect("another process").stdout).expect("two numbers");
                text.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
            })
            .collect();
        processes.sort_unstable();
        println!(
            "{name}: first {first:.1?}, following {create:.1?} and {drop:.1?} to drop (medians of 30), first of a further \
             process {:.1?} (median of 10)",
            Duration::from_micros(processes[processes.len() / 2]),
        );
        for (migrations, table, program) in
            [(10, "table_01", Program::new(&["bench"])), (300, "table_001", Program::new(&["bench_many"]))]
        {
            let create = || TestDatabase::create(&program, &settings).expect("a database");
            let reuse = || TestDatabase::reuse(&program, &settings).expect("a database");
            let new = [1, 4, 8].map(|threads| rate(threads, table, &create));
            let used = [1, 4, 8].map(|threads| rate(threads, table, &reuse));
            println!(
                "{name}, {migrations} migrations, tests/s on 1, 4, 8 threads: new {:.1}, {:.1}, {:.1}; used {:.1}, {:.1}, {:.1}",
                new[0], new[1], new[2], used[0], used[1], used[2],
            );
        }
    }

    /// Returns how many tests end in a second. Each thread runs two at least.
    fn rate(threads: usize, table: &str, database: &(dyn Fn() -> TestDatabase + Sync)) -> f64 {
        const TIME: Duration = Duration::from_secs(3);
        let done = AtomicU32::new(0);
        // The template, and a database for each thread.
        drop((0..threads).map(|_| database()).collect::<Vec<_>>());
        let started = Instant::now();
        thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for number in 0.. {
                        if number >= 2 && started.elapsed() > TIME {
                            break;
                        }
                        let database = database();
                        let row = format!("INSERT INTO {table} (id, name, amount) VALUES (1, 'one', 1)");
                        database.connect().expect("a connection").batch_execute(&row).expect("no such row");
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        f64::from(done.load(Ordering::Relaxed)) / started.elapsed().as_secs_f64()
    }
}

fn main() {
    #[cfg(unix)]
    bench::main();
}
