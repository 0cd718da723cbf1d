//! RabbitMQ: one broker for all of these tests, since it takes seconds to start.

use std::sync::OnceLock;

use manage_test_support::{Need, RabbitMq, Transcript, case, needs, wait_until};

use super::{LONG, ready, says, wait, waiter, wrong};

/// The broker, and what was said by one who waited from before its start.
fn broker() -> (&'static RabbitMq, &'static Transcript) {
    static WAITED: OnceLock<Transcript> = OnceLock::new();
    let broker = RabbitMq::shared().unwrap_or_else(|error| panic!("{error}"));
    let waited = WAITED.get_or_init(|| {
        let url = format!("amqp://app:{}@127.0.0.1:{}/%2Fshop", RabbitMq::url_password(), broker.port());
        let waited = wait(&url, &["--timeout", "110"]);
        assert!(waited.success(), "{waited}\n{}", broker.complaint());
        waited
    });
    // The listener for TLS comes a moment after the other.
    wait_until(LONG, "the broker listens", || {
        broker.listens() && std::net::TcpStream::connect(("127.0.0.1", broker.tls_port())).is_ok()
    });
    (broker, waited)
}

#[case(needs(Need::RabbitMq))]
fn it_is_waited_for_from_before_its_start() {
    let (broker, waited) = broker();
    let name = format!("AMQP at 127.0.0.1:{}//shop as app", broker.port());
    assert!(
        waited.stdout.contains(&format!("**Successfully connected to services.**\n{name}, ")),
        "{waited}"
    );
    says(waited.clone(), "ECONNREFUSED: nothing listens there.");
}

#[case(needs(Need::RabbitMq))]
fn logins_and_virtual_hosts() {
    let (broker, _) = broker();
    let at = format!("127.0.0.1:{}", broker.port());
    let right = RabbitMq::url_password();
    ready(&format!("amqp://{at}"));
    ready(&format!("amqp://{at}/%2F"));
    ready(&format!("amqp://guest:guest@{at}/"));
    ready(&format!("amqp://app:{right}@{at}"));
    ready(&format!("amqp://app:{right}@{at}/plain"));
    let refused = "403: the server is up, but it refuses the login of user";
    for login in ["app:hunter2", "guest:hunter2", "nobody:hunter2", "app:", ":hunter2"] {
        let ran = wait(&format!("amqp://{login}@{at}"), &["--fail-fast-after", "0"]).expect_code(78);
        assert!(ran.stderr.contains("403: the server is up, but it refuses the login of "), "{ran}");
        assert!(!ran.stderr.contains("hunter2"), "{ran}");
    }
    wrong(&format!("amqp://app:hunter2@{at}/plain"), refused);
    let vhost = "530: the server is up, but it denies access to the URL's path (it has no such virtual host";
    wrong(&format!("amqp://app:{right}@{at}/missing"), vhost);
    wrong(&format!("amqp://app:{right}@{at}/closed"), vhost);
    wrong(&format!("amqp://guest:guest@{at}/plain"), vhost);
    // Who is given no login asks for a virtual host as `guest`, as every client does.
    wrong(&format!("amqp://{at}/missing"), vhost);
    wrong(&format!("amqp://{at}/plain"), vhost);
}

#[case(needs(Need::RabbitMq))]
fn encrypted() {
    let (broker, _) = broker();
    let url = format!("amqps://app:{}@localhost:{}/plain", RabbitMq::url_password(), broker.tls_port());
    let options = ["--fail-fast-after", "0"];
    waiter(&url, &options).env("SSL_CERT_FILE", broker.tls().ca()).run(LONG).expect_success();
    let ran = waiter(&url, &options).env("SSL_CERT_FILE", broker.tls().untrusted_ca()).run(LONG);
    says(ran.expect_code(78), "signed by no authority that is trusted here");
    let trusting = |url: &str| waiter(url, &options).env("SSL_CERT_FILE", broker.tls().ca()).run(LONG);
    let plain = format!("amqps://localhost:{}", broker.port());
    says(trusting(&plain).expect_code(78), "an AMQP broker without TLS answers");
    let ran = trusting(&format!("amqp://localhost:{}", broker.tls_port())).expect_code(78);
    says(says(ran, "a server that speaks TLS answers"), "With TLS the scheme is `amqps`.");
}

#[case(needs(Need::RabbitMq))]
fn other_protocols_are_named() {
    let (broker, _) = broker();
    let ran = wait(&format!("redis://127.0.0.1:{}", broker.port()), &["--fail-fast-after", "0"]);
    says(ran.expect_code(78), "an AMQP broker answers at port");
    let ran = wait(&format!("http://127.0.0.1:{}/", broker.port()), &["--fail-fast-after", "0"]);
    says(ran.expect_code(78), "an AMQP broker answers at port");
    ready(&format!("tcp://127.0.0.1:{}", broker.port()));
}
