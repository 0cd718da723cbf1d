//! Passwords through the whole program: its errors with their causes, with and without a backtrace.

use std::time::Duration;

use manage_test_support::{Need, Program, RabbitMq, Redis, Transcript, case, needs, wait_until};

use super::{LONG, waiter};

/// Its pieces stand nowhere else.
const PIECES: [&str; 4] = ["qxzj", "VWKQ", "zjqx", "KWQV"];
const RAW: [&str; 6] = [
    "qxzj@VWKQ:zjqx/KWQV",
    "qxzj?VWKQ&zjqx=KWQV",
    "qxzj#VWKQ%zjqx%KWQV",
    "qxzj VWKQ'zjqx\"KWQV",
    "qxzj\\VWKQ[zjqx]KWQV",
    "qxzj://VWKQ@zjqxé密KWQV",
];

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

#[track_caller]
fn shows_none(ran: &Transcript) {
    assert!(ran.timed_out.is_none() && ran.code() != Some(101), "{ran}");
    for piece in PIECES {
        assert!(!ran.stdout.contains(piece) && !ran.stderr.contains(piece), "{piece} shows:\n{ran}");
    }
}

#[case]
fn no_piece_is_shown_by_any_command() {
    const COMMANDS: [&[&str]; 6] = [
        &["check", "--database", "default"],
        &["wait_for_db", "--once"],
        &["wait_for_db", "--once", "--format", "json", "--traceback"],
        &["migrate", "--traceback"],
        &["showmigrations"],
        &["publish", "nothing", "--traceback", "--skip-checks"],
    ];
    for (i, raw) in RAW.iter().enumerate() {
        for written in [(*raw).to_owned(), encoded(raw)] {
            let folder = tempfile::tempdir().expect("a folder");
            let urls = [
                format!("postgres://app:{written}@127.0.0.1:1/name"),
                format!("postgres://127.0.0.1:1/name?user=app&password={written}"),
                format!("mysql://app:{written}@127.0.0.1:port/name"),
                format!("oracle://app:{written}@127.0.0.1:1/name"),
                format!("postgres:app:{written}@127.0.0.1:1/name"),
            ];
            // All forms with all commands would take a minute.
            for (j, url) in urls.iter().enumerate() {
                let command = COMMANDS[(i + j) % COMMANDS.len()];
                let program = Program::new(env!("CARGO_BIN_EXE_manage")).cwd(folder.path());
                shows_none(&program.env("DATABASE_URL", url).args(command).run(LONG));
            }
            for url in [
                format!("redis://app:{written}@127.0.0.1:1"),
                format!("http://127.0.0.1:1/?token={written}"),
                format!("gopher://app:{written}@127.0.0.1:1"),
            ] {
                shows_none(&waiter(&url, &["--once", "--traceback"]).run(LONG));
            }
        }
    }
}

#[case(needs(Need::Redis))]
fn a_refusal_of_redis() {
    let server = Redis::start(&["requirepass hunter3", "user app on >hunter3 ~* +@all"]);
    for raw in RAW {
        for login in ["", "app"] {
            let url = format!("redis://{login}:{}@127.0.0.1:{}", encoded(raw), server.port());
            for format in ["text", "json"] {
                let ran = waiter(&url, &["--once", "--format", format]).run(LONG).expect_code(78);
                assert!(ran.to_string().contains("WRONGPASS"), "{ran}");
                shows_none(&ran);
            }
        }
    }
}

#[case(needs(Need::RabbitMq))]
fn a_refusal_of_rabbitmq() {
    let broker = RabbitMq::shared().unwrap_or_else(|error| panic!("{error}"));
    wait_until(Duration::from_secs(110), "the broker listens", || broker.listens());
    for raw in RAW {
        let url = format!("amqp://app:{}@127.0.0.1:{}", encoded(raw), broker.port());
        let ran = waiter(&url, &["--fail-fast-after", "0", "--traceback"]).run(LONG).expect_code(78);
        assert!(ran.stderr.contains("403: "), "{ran}");
        shows_none(&ran);
    }
}
