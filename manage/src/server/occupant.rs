//! Which process listens at an address that is taken.

/// Returns the name and the number of the process that listens at a port, if the operating system says so:
/// that of another user is not known.
#[cfg(target_os = "linux")]
pub(super) fn of_port(port: u16) -> Option<String> {
    use std::fs;

    let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(|line| listening(line, port)).collect::<Vec<_>>())
        .collect();
    if sockets.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten().filter(|entry| {
        let files = fs::read_dir(entry.path().join("fd")).into_iter().flatten().flatten();
        let mut links = files.filter_map(|file| fs::read_link(file.path()).ok());
        links.any(|link| link.to_str().is_some_and(|link| sockets.iter().any(|socket| socket == link)))
    });
    // A supervisor and its programs share a socket: the first one is the one to stop.
    let number = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).min()?;
    let name = fs::read_to_string(format!("/proc/{number}/comm")).ok()?;
    Some(format!("process {number} ({})", name.trim_end()))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn of_port(_: u16) -> Option<String> {
    None
}

/// Returns the name of the socket that a line of the kernel's table describes, if it listens at the port.
#[cfg(target_os = "linux")]
fn listening(line: &str, port: u16) -> Option<String> {
    // `sl local_address rem_address st tx_queue:rx_queue tr:when retrnsmt uid timeout inode …`
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, state, inode) = (fields.get(1)?, fields.get(3)?, fields.get(9)?);
    let is_port =
        address.rsplit(':').next().and_then(|digits| u16::from_str_radix(digits, 16).ok()) == Some(port);
    (is_port && *state == "0A").then(|| format!("socket:[{inode}]"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_process_that_listens_is_named() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let occupant = of_port(port).expect("this process");
        assert!(occupant.starts_with(&format!("process {} (", std::process::id())), "{occupant}");
        drop(listener);
        assert_eq!(of_port(port), None);
    }
}
