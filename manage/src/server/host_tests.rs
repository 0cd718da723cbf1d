use super::*;
use crate::server::IpVersion;

fn patterns(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|&text| text.to_owned()).collect()
}

fn development(settings: &[&str], listening: &str) -> AllowedHosts {
    let listening = ListenAddress::parse(Some(listening), IpVersion::V4).expect("an address");
    AllowedHosts::in_development(&patterns(settings), &listening).expect("hosts")
}

fn production(settings: &[&str]) -> AllowedHosts {
    AllowedHosts::in_production(&patterns(settings)).expect("hosts")
}

fn check(hosts: &AllowedHosts, target: &str, headers: &[&str]) -> Result<(), HostError> {
    let request = headers.iter().fold(Request::get(target), |request, host| request.header(HOST, *host));
    hosts.check(&request.body(()).expect("a request"), None)
}

#[track_caller]
fn allowed(hosts: &AllowedHosts, names: &[&str]) {
    for name in names {
        assert_eq!(check(hosts, "/", &[name]), Ok(()), "{name}");
    }
}

#[track_caller]
fn foreign(hosts: &AllowedHosts, names: &[&str]) {
    for name in names {
        assert!(matches!(check(hosts, "/", &[name]), Err(HostError::Foreign { .. })), "{name}");
    }
}

#[test]
fn a_development_server_answers_to_this_machine() {
    let hosts = development(&[], "0.0.0.0:8000");
    allowed(&hosts, &["localhost", "LOCALHOST:8000", "localhost.", "shop.localhost:1", "localhost:"]);
    allowed(
        &hosts,
        &["127.0.0.1:8000", "127.1.2.3", "[::1]:8000", "[::ffff:127.0.0.1]", "192.168.1.20:8000"],
    );
    foreign(
        &hosts,
        &["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example"],
    );
    // Other spellings of an address, which browsers never send.
    foreign(&hosts, &["evillocalhost", "web", "127.1", "2130706433", "0x7f000001", "127.0.0.1."]);
}

#[test]
fn the_name_that_is_listened_at_is_its_own() {
    let hosts = development(&[], "Laptop.lan:8000");
    allowed(&hosts, &["laptop.lan:8000", "LAPTOP.lan", "laptop.lan."]);
    foreign(&hosts, &["lan", "x.laptop.lan"]);
}

#[test]
fn settings_name_further_hosts() {
    let names = ["web", ".Example.org", "10.0.0.1"];
    let in_development = development(&names, "8000");
    allowed(
        &in_development,
        &["web:8000", "example.org", "a.b.EXAMPLE.org:80", "10.0.0.1", "10.0.0.2", "localhost"],
    );
    foreign(&in_development, &["badexample.org", "example.org.evil.example", "www.web"]);
    let in_production = production(&names);
    allowed(&in_production, &["web", "example.org", "10.0.0.1", "localhost", "127.0.0.1:8000", "[::1]"]);
    // A link in an email could lead there.
    foreign(&in_production, &["10.0.0.2", "[2001:db8::1]", "evil.example"]);
    allowed(&development(&["*"], "8000"), &["evil.example", "1.2.3.4"]);
    allowed(&production(&[]), &["evil.example", "1.2.3.4"]);
}

#[test]
fn what_is_no_host_is_refused_everywhere() {
    for hosts in [development(&[], "8000"), production(&["*"]), production(&[])] {
        for text in [
            "",
            " ",
            "user@localhost",
            "localhost@evil.example",
            "localhost/",
            "localhost?x",
            "localhost#x",
            "localhost\\evil.example",
            "a b",
            "localhost,evil.example",
            "localhost:80:80",
            "localhost:http",
            "localhost:+80",
            "localhost:99999",
            "[::1",
            "[::1]x",
            "::1",
            "[localhost]",
            "[fe80::1%25eth0]",
            ".localhost",
            "a..b",
            "localhost..",
            "%6cocalhost",
            "<script>",
        ] {
            assert_eq!(check(&hosts, "/", &[text]), Err(HostError::Malformed), "{text:?}");
        }
        let long = format!("{}.localhost", "a".repeat(254));
        assert_eq!(check(&hosts, "/", &[&long]), Err(HostError::Malformed));
        assert_eq!(check(&hosts, "/", &[]), Err(HostError::Missing));
        assert_eq!(check(&hosts, "/", &["localhost", "localhost"]), Err(HostError::Several));
        let other = check(&hosts, "http://evil.example/", &["localhost"]);
        assert_eq!(other, Err(HostError::Contradiction));
        assert_eq!(check(&hosts, "http://localhost:1/", &["localhost:2"]), Err(HostError::Contradiction));
        assert_eq!(check(&hosts, "http://LOCALHOST:80/", &["localhost"]), Ok(()));
        let user = check(&hosts, "http://user@localhost/", &["localhost"]);
        assert_eq!(user, Err(HostError::Malformed));
        let byte = Request::get("/").header(HOST, &b"localhost\xff"[..]).body(()).expect("a request");
        assert_eq!(hosts.check(&byte, None), Err(HostError::Malformed));
    }
}

#[test]
fn http_1_0_needs_no_host() {
    let hosts = development(&[], "8000");
    let old = |host: &[&str]| {
        let request = Request::get("/").version(Version::HTTP_10);
        let request = host.iter().fold(request, |request, host| request.header(HOST, *host));
        hosts.check(&request.body(()).expect("a request"), None).is_ok()
    };
    assert!(old(&[]) && old(&["localhost"]));
    assert!(!old(&["evil.example"]) && !old(&["localhost", "localhost"]));
}

#[test]
fn settings_are_host_names() {
    let listening = ListenAddress::parse(None, IpVersion::V4).expect("an address");
    for text in [
        "",
        "http://example.org",
        "example.org:8000",
        "example.org/",
        "*.example.org",
        "a b",
        "büro.test",
        ".",
        "..",
    ] {
        let settings = ["localhost".to_owned(), text.to_owned()];
        let error = AllowedHosts::in_development(&settings, &listening).expect_err(text);
        let shown = if text.contains("://") { "(a URL)" } else { text };
        assert_eq!(error.to_string(), format!("entry 2 of allowed_hosts, '{shown}', is not a host name"));
    }
}

#[test]
fn the_message_has_what_to_write() {
    let error = check(&development(&["web"], "8000"), "/", &["Evil.example:80"]).expect_err("a foreign host");
    assert_eq!(
        error.note(),
        "the host 'evil.example' is not allowed; if it is yours: MANAGE_SERVER_ALLOWED_HOSTS=web,evil.example"
    );
    let page = error.page();
    assert!(
        page.contains("ALLOWED_HOSTS=evil.example or write allowed_hosts = [\"evil.example\"] below"),
        "{page}"
    );
    // An unknown client may read it and must not learn the other hosts.
    assert!(page.contains("Keep the hosts that are already set") && !page.contains("web"), "{page}");
    let only = check(&development(&[], "8000"), "/", &["evil.example"]).expect_err("a foreign host");
    assert!(!only.page().contains("Keep"), "{}", only.page());
}
