//! Redis: logins, databases, and the states in which it answers and serves nobody.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use manage_test_support::{CaseName, Need, Program, Redis, Suite, case, needs};

use super::{LONG, ready, says, wait, waiter, wrong};

#[case(needs(Need::Redis))]
fn it_is_waited_for_from_before_its_start() {
    let server = Redis::prepare(&[], false);
    let mut running = waiter(&format!("redis://127.0.0.1:{}", server.port()), &["--timeout", "100"]).spawn();
    running.wait_for_line("**Services unavailable, waiting...**", LONG);
    server.start_again();
    let ran = says(running.wait(LONG).expect_success(), "ECONNREFUSED: nothing listens there.");
    assert!(ran.stdout.contains("**Successfully connected to services.**\nRedis at 127.0.0.1:"), "{ran}");
}

#[case(needs(Need::Redis))]
fn a_server_without_a_password() {
    let server = Redis::start(&[]);
    let port = server.port();
    ready(&format!("redis://127.0.0.1:{port}"));
    ready(&format!("redis://localhost:{port}/"));
    ready(&format!("redis://127.0.0.1:{port}/15"));
    let url = format!("redis://127.0.0.1:{port}/99");
    wrong(&url, "ERR: the server is up, but it denies access to the URL's path (it refuses SELECT");
    let url = format!("redis://:hunter2@127.0.0.1:{port}");
    wrong(
        &url,
        "ERR: the server is up, but it refuses the login of the user (it refuses AUTH: the server has no password set",
    );
    let url = format!("redis://default:hunter2@127.0.0.1:{port}");
    // The user `default` of such a server takes any password.
    ready(&url);
    let url = format!("redis://nobody:hunter2@127.0.0.1:{port}");
    let ran = wrong(&url, "WRONGPASS: the server is up, but it refuses the login of user nobody");
    assert!(!ran.to_string().contains("**Database"), "{ran}");
    let ran = wait(&url, &["--once", "--format", "json"]).expect_code(78);
    assert!(ran.stdout.contains(r#""reason":"credentials","code":"WRONGPASS""#), "{ran}");
}

#[case(needs(Need::Redis))]
fn a_password_and_a_user() {
    let password = Redis::quoted_password();
    let lines = [
        format!("requirepass {password}"),
        "user app on >hunter3 ~* +@all".to_owned(),
        "user narrow on >hunter3 ~* -@all +auth".to_owned(),
        "user off off >hunter3 ~* +@all".to_owned(),
    ];
    let server = Redis::start(&lines.each_ref().map(String::as_str));
    let at = format!("127.0.0.1:{}", server.port());
    let right = Redis::url_password();
    ready(&format!("redis://:{right}@{at}/1"));
    ready(&format!("redis://default:{right}@{at}"));
    ready(&format!("redis://app:hunter3@{at}"));
    wrong(
        &format!("redis://{at}"),
        "NOAUTH: the server is up, but it refuses the login of the user (it asks for a password)",
    );
    // A user without a password does not log in, and may be a token.
    let ran = wrong(&format!("redis://tokenZq7@{at}"), "NOAUTH");
    assert!(!ran.to_string().replace(&ran.command, "").contains("tokenZq7"), "{ran}");
    for login in ["app:hunter2", ":hunter2", "off:hunter3", "nobody:hunter3"] {
        let ran = wrong(
            &format!("redis://{login}@{at}"),
            "WRONGPASS: the server is up, but it refuses the login of ",
        );
        says(ran, "Hint: The user and the password come from the URL behind `--for`.\n");
    }
    wrong(
        &format!("redis://narrow:hunter3@{at}"),
        "NOPERM: the server is up, but it denies access to user narrow",
    );
}

#[case(needs(Need::Redis))]
fn a_wrong_password_persists_for_a_while_first() {
    let server = Redis::start(&["requirepass hunter3"]);
    let url = format!("redis://:hunter2@127.0.0.1:{}", server.port());
    let ran = wait(&url, &["--fail-fast-after", "0.5"]).expect_code(78);
    assert!(ran.duration.as_secs_f64() >= 0.5, "{ran}");
    wait(&url, &["--fail-fast-after", "never", "--timeout", "0.5"]).expect_code(124);
    wait(&url, &["--once"]).expect_code(78);
}

/// It loads three thousand commands, a millisecond each.
#[case(needs(Need::Redis))]
fn while_it_loads_its_data_it_is_waited_for() {
    let server = Redis::prepare(&["appendonly yes", "key-load-delay 1000"], false);
    let commands: String =
        (0..3_000).map(|i| format!("*3\r\n$3\r\nSET\r\n$4\r\n{i:04}\r\n$1\r\nx\r\n")).collect();
    let folder = server.folder().join("appendonlydir");
    fs::create_dir(&folder).expect("a folder");
    let select = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
    fs::write(folder.join("appendonly.aof.1.incr.aof"), format!("{select}{commands}")).expect("a file");
    fs::write(folder.join("appendonly.aof.manifest"), "file appendonly.aof.1.incr.aof seq 1 type i\n")
        .expect("a file");
    // The server's account reads and rewrites them.
    use std::os::unix::fs::{MetadataExt, chown};
    let owner = server.folder().metadata().expect("a folder");
    for path in
        [folder.clone(), folder.join("appendonly.aof.1.incr.aof"), folder.join("appendonly.aof.manifest")]
    {
        chown(path, Some(owner.uid()), Some(owner.gid())).expect("an owner");
    }
    server.start_again();
    let url = format!("redis://127.0.0.1:{}", server.port());
    let ran = wait(&url, &["--fail-fast-after", "0", "--timeout", "100"]).expect_success();
    says(ran, "LOADING: the server is up, but still starting or shutting down (it is loading its data).");
}

#[case(needs(Need::Redis))]
fn a_server_without_room_is_waited_for() {
    let server = Redis::start(&["maxclients 1"]);
    let mut only = TcpStream::connect(("127.0.0.1", server.port())).expect("a connection");
    only.write_all(b"PING\r\n").expect("a question");
    let mut answer = [0; 7];
    only.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"+PONG\r\n", "the one connection is this test's");
    for login in ["", ":hunter2@"] {
        let url = format!("redis://{login}127.0.0.1:{}", server.port());
        let ran = wait(&url, &["--timeout", "1", "--fail-fast-after", "0"]).expect_code(124);
        // The server may close the connection before it has read, and then its words may be lost.
        let full = ran.stderr.contains("ERR: the server is up, but has no connection left");
        assert!(full || ran.stderr.contains("the connection was closed"), "{ran}");
    }
    let url = format!("redis://127.0.0.1:{}", server.port());
    let mut running = waiter(&url, &["--timeout", "100", "--fail-fast-after", "0"]).spawn();
    running.wait_for_line("**Services unavailable, waiting...**", LONG);
    drop(only);
    running.wait(LONG).expect_success();
}

#[case(needs(Need::Redis))]
fn encrypted() {
    let server = Redis::start_with_tls(&["requirepass hunter3"]);
    let tls = server.tls().expect("certificates");
    let url = format!("rediss://:hunter3@localhost:{}", server.port());
    let trusting = |url: &str| waiter(url, &["--fail-fast-after", "0"]).env("SSL_CERT_FILE", tls.ca());
    trusting(&url).run(LONG).expect_success();
    trusting(&url.replace("localhost", "127.0.0.1")).run(LONG).expect_success();
    says(trusting(&url.replace("hunter3", "hunter2")).run(LONG).expect_code(78), "WRONGPASS");
    let stranger = waiter(&url, &["--fail-fast-after", "0"]).env("SSL_CERT_FILE", tls.untrusted_ca());
    let ran = says(stranger.run(LONG).expect_code(78), "signed by no authority that is trusted here");
    says(ran, "SSL_CERT_FILE names a PEM file of others");
}

#[case(needs(Need::Redis))]
fn tls_where_none_is_and_none_where_it_is() {
    let encrypting = Redis::start_with_tls(&[]);
    let url = format!("redis://127.0.0.1:{}", encrypting.port());
    let ran = wait(&url, &["--fail-fast-after", "0"]).expect_code(78);
    says(says(ran, "a server that speaks TLS answers at port"), "Hint: With TLS the scheme is `rediss`.");
    let plain = Redis::start(&[]);
    let tls = encrypting.tls().expect("certificates");
    let url = format!("rediss://127.0.0.1:{}", plain.port());
    let options = ["--fail-fast-after", "0", "--attempt-timeout", "1", "--timeout", "100"];
    let ran = waiter(&url, &options).env("SSL_CERT_FILE", tls.ca()).run(LONG).expect_code(78);
    let reported = ["a server without TLS answers", "it does not speak TLS"];
    assert!(reported.iter().any(|words| ran.stderr.contains(words)), "{ran}");
    // Something that is no Redis at all.
    let url = format!("amqp://127.0.0.1:{}", plain.port());
    let ran = wait(&url, &["--fail-fast-after", "0", "--timeout", "1"]);
    assert!(matches!(ran.code(), Some(78 | 124)), "{ran}");
}

/// Loopback is always admitted, so it needs a network of its own with another address. A container may forbid
/// that.
fn needs_another_network(suite: &mut Suite, name: &CaseName, test: fn()) {
    let permitted = std::process::Command::new("unshare").args(["-rn", "true"]).output();
    let permitted = permitted.is_ok_and(|output| output.status.success());
    suite.needs(if permitted { Need::Redis } else { Need::Program("unshare -rn") }, name, test);
}

#[case(needs_another_network)]
fn a_server_in_protected_mode_is_final() {
    let script = "ip link set lo up && ip addr add 10.9.8.7/32 dev lo || exit 99\n\
                  redis-server --bind 0.0.0.0 --port 6379 --save '' >/dev/null & server=$!\n\
                  \"$0\" wait_for_db --no-database --for redis://10.9.8.7 --fail-fast-after 0 --timeout 60\n\
                  code=$?; kill $server; exit $code";
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::new("unshare").cwd(folder.path());
    let ran = program.args(["-rn", "sh", "-c", script, env!("CARGO_BIN_EXE_manage")]).run(LONG);
    says(
        ran.expect_code(78),
        "DENIED: the server is up, but it denies access to the user (it is in protected mode",
    );
}
