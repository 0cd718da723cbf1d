//! Tests inside namespaces: what they see, and what becomes of one that fails.

use std::fs;

use manage_test_support::{case, inside};

#[case(inside)]
fn there_is_a_network_of_its_own() {
    assert_eq!(std::process::id(), 1);
    let devices = fs::read_to_string("/proc/self/net/dev").expect("the devices");
    // Two lines of headings; some kernels put idle tunnels into every network.
    for line in devices.lines().skip(2) {
        let name = line.split(':').next().unwrap_or_default().trim();
        assert!(
            ["lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0"].contains(&name),
            "{devices}"
        );
    }
    assert!(std::net::TcpListener::bind("127.0.0.1:80").is_ok(), "root's rights over it");
    let routes = fs::read_to_string("/proc/self/net/route").expect("the routes");
    assert_eq!(routes.lines().count(), 1, "no way out: {routes}");
}
