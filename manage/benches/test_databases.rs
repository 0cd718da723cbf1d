//! What a database of `manage::testing` costs: the first of a server, the first of a process, and those that follow.
//!
//!     cargo bench -p diesel-manage --features mysql --bench test_databases
//!
//! The program has the ten migrations of `benches/migrations`. PostgreSQL is asked twice: as the tests of this repository run
//! it, and as packages install it, where each write waits for the disk.

#[cfg(unix)]
#[expect(clippy::print_stdout, reason = "a benchmark is there to print")]
mod bench {
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    use manage::__private::{diesel_migrations, inventory};
    use manage::Program;
    use manage::settings::{DatabaseSettings, Origin};
    use manage::testing::TestDatabase;
    use manage_test_servers::{MariaDb, Postgres};

    inventory::submit! {
        manage::migrations::Registration::new(
            &[manage::migrations::Part::Folder(None, "benches/migrations", {
                static FOLDER: diesel_migrations::EmbeddedMigrations =
                    diesel_migrations::embed_migrations!("benches/migrations");
                &FOLDER
            })],
            ("bench::migrations", file!(), line!()),
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
        if cfg!(feature = "sqlite") {
            measure("SQLite", "sqlite:bench.sqlite3");
        }
        if cfg!(feature = "postgres") {
            let server = Postgres::start().expect("a server");
            measure("PostgreSQL, fsync off", &server.url("bench"));
            let builder = Postgres::builder().setting("fsync = on").setting("full_page_writes = on");
            let server = builder.setting("shared_buffers = 128MB").start().expect("a server");
            measure("PostgreSQL, fsync on", &server.url("bench"));
        }
        if cfg!(feature = "mysql") {
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
        let started = Instant::now();
        thread::scope(|scope| {
            for _ in 0..50 {
                scope.spawn(|| once(&settings));
            }
        });
        println!(
            "{name}: first {first:.1?}, following {create:.1?} and {drop:.1?} to drop (medians of 30), first of a further \
             process {:.1?} (median of 10), 50 at once {:.1?}",
            Duration::from_micros(processes[processes.len() / 2]),
            started.elapsed(),
        );
    }
}

fn main() {
    #[cfg(unix)]
    bench::main();
}
