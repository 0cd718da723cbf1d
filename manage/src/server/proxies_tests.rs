use super::*;

fn client(trusted: &[&str], header: ForwardedHeader, peer: &str, headers: &[(&str, &str)]) -> Client {
    let trusted: Vec<String> = trusted.iter().map(|entry| (*entry).to_owned()).collect();
    let proxies = TrustedProxies::parse(&trusted, header).expect("proxies");
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().expect("a name"), value.parse().expect("a value"));
    }
    proxies.client(&mut map, peer.parse().expect("an address"))
}

fn x(trusted: &[&str], peer: &str, headers: &[(&str, &str)]) -> (String, bool, Option<String>) {
    let client = client(trusted, ForwardedHeader::XForwarded, peer, headers);
    (client.address.to_string(), client.is_https, client.host)
}

fn standard(trusted: &[&str], peer: &str, value: &str) -> (String, bool, Option<String>) {
    let client = client(trusted, ForwardedHeader::Rfc7239, peer, &[("forwarded", value)]);
    (client.address.to_string(), client.is_https, client.host)
}

#[test]
fn a_stranger_is_not_believed() {
    let headers = [
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "for=1.2.3.4;proto=https"),
    ];
    assert_eq!(x(&[], "10.0.0.1", &headers), ("10.0.0.1".to_owned(), false, None));
    assert_eq!(x(&["10.0.0.0/24"], "10.0.1.1", &headers), ("10.0.1.1".to_owned(), false, None));
    let proxies = TrustedProxies::default();
    let mut map = HeaderMap::new();
    map.insert("x-real-ip", "1.2.3.4".parse().expect("a value"));
    map.insert("accept", "*/*".parse().expect("a value"));
    assert!(!proxies.client(&mut map, "10.0.0.1".parse().expect("an address")).by_proxy);
    assert_eq!(map.keys().collect::<Vec<_>>(), ["accept"]);
}

#[test]
fn the_last_address_that_a_trusted_proxy_wrote_counts() {
    let trusted = ["10.0.0.0/8", "192.168.1.1"];
    for (peer, forwarded, expected) in [
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        // The first one may be the client's own invention.
        ("10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "9.9.9.9, 1.2.3.4, 10.2.2.2, 192.168.1.1", "1.2.3.4"),
        ("10.0.0.1", "10.9.9.9, 10.2.2.2", "10.9.9.9"),
        ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        ("10.0.0.1", "[2001:db8::1]:5678", "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "1.2.3.4, unknown", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, unknown, 10.2.2.2", "10.2.2.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
    ] {
        let (address, ..) = x(&trusted, peer, &[("x-forwarded-for", forwarded)]);
        assert_eq!(address, expected, "{peer}: {forwarded}");
    }
    assert_eq!(x(&["*"], "8.8.8.8", &[("x-forwarded-for", "1.2.3.4, 5.6.7.8")]).0, "1.2.3.4");
    let lines = [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "1.2.3.4")];
    assert_eq!(x(&trusted, "10.0.0.1", &lines).0, "1.2.3.4");
}

#[test]
fn the_scheme_and_the_host_belong_to_the_same_hop() {
    let trusted = ["10.0.0.0/8"];
    for (forwarded, proto, host, expected) in [
        ("1.2.3.4", "https", "shop.example", (true, Some("shop.example"))),
        ("1.2.3.4, 10.1.1.1", "https, http", "shop.example, inner", (true, Some("shop.example"))),
        ("9.9.9.9, 1.2.3.4", "https, http", "evil.example, shop.example", (false, Some("shop.example"))),
        // The last proxy has replaced what came before.
        ("1.2.3.4, 10.1.1.1", "https", "shop.example", (true, Some("shop.example"))),
        ("1.2.3.4", "http", "a", (false, Some("a"))),
    ] {
        let headers =
            [("x-forwarded-for", forwarded), ("x-forwarded-proto", proto), ("x-forwarded-host", host)];
        let (_, is_https, found) = x(&trusted, "10.0.0.1", &headers);
        assert_eq!((is_https, found.as_deref()), expected, "{forwarded}: {proto}, {host}");
    }
}

#[test]
fn the_standard_header_is_read_if_it_is_chosen() {
    let trusted = ["10.0.0.0/8"];
    let shop = || Some("shop.example".to_owned());
    assert_eq!(
        standard(&trusted, "10.0.0.1", "for=1.2.3.4;proto=https;host=shop.example"),
        ("1.2.3.4".to_owned(), true, shop())
    );
    assert_eq!(
        standard(
            &trusted,
            "10.0.0.1",
            "for=9.9.9.9, For=\"[2001:db8::1]:80\"; Proto=HTTPS;Host=\"shop.example\",for=10.1.1.1;proto=http"
        ),
        ("2001:db8::1".to_owned(), true, shop())
    );
    assert_eq!(standard(&trusted, "10.0.0.1", "for=\"a,b;c\\\"\", for=_hidden").0, "10.0.0.1");
    // The other kind of header is not read, and not passed on.
    let both = [("x-forwarded-for", "9.9.9.9"), ("forwarded", "for=1.2.3.4")];
    let read = |header| client(&trusted, header, "10.0.0.1", &both).address.to_string();
    assert_eq!(read(ForwardedHeader::XForwarded), "9.9.9.9");
    assert_eq!(read(ForwardedHeader::Rfc7239), "1.2.3.4");
}

#[test]
fn only_addresses_and_networks_are_entries() {
    let parse = |entry: &str| {
        TrustedProxies::parse(&["::1".to_owned(), entry.to_owned()], ForwardedHeader::default())
            .err()
            .map(|error| error.to_string())
    };
    for entry in ["10.0.0.0/8", "::1/128", "127.0.0.1", " 10.0.0.1 ", "*"] {
        assert_eq!(parse(entry), None, "{entry}");
    }
    for entry in ["proxy", "10.0.0.0/33", "", "http://10.0.0.1", "10.0.0.1:80"] {
        let shown = if entry.contains("://") { "(a URL)" } else { entry };
        let expected =
            format!("entry 2 of trusted_proxies, '{shown}', is neither an IP address nor a network");
        assert_eq!(parse(entry), Some(expected), "{entry}");
    }
}
