//! A slow and lossy cable, packet by packet: two network devices in user space, and what lies between them.

use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use manage_test_support::wait_until;

use super::lan::Lan;

/// What becomes of a packet, in each direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Quality {
    pub(crate) delay: Duration,
    /// Every so manieth packet is lost; 0 loses none.
    pub(crate) lost: u32,
    /// 0 is without a limit.
    pub(crate) bytes_per_second: u32,
}

/// It ends with this value.
pub(crate) struct Wire {
    ends: [Child; 2],
    server: Ipv4Addr,
}

impl Wire {
    pub(crate) fn new(lan: &Lan, quality: Quality) -> Self {
        let number = lan.number();
        let path = |name: &str| lan.folder().join(name);
        for (from, to) in [("client", "server"), ("server", "client")] {
            let socket = UnixDatagram::bind(path(&format!("from-{from}"))).expect("a socket");
            let to = path(&format!("to-{to}"));
            thread::spawn(move || carry(&socket, &to, quality));
        }
        let end = |side: &str, last: u8| {
            let tun = format!("TUN:10.78.{number}.{last}/32,up,iff-no-pi,tun-name=w{number}");
            let link = format!(
                "UNIX-SENDTO:{},bind={}",
                path(&format!("from-{side}")).display(),
                path(&format!("to-{side}")).display()
            );
            [tun, link]
        };
        let mut far = Command::new("socat");
        let mut near = Command::new("nsenter");
        near.args(lan.entry()).arg("socat").args(end("client", 2));
        let ends = [far.args(end("server", 1)), &mut near]
            .map(|command| command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().expect("socat"));
        wait_until(Duration::from_secs(10), "both ends are up", || {
            path("to-client").exists()
                && path("to-server").exists()
                && lan.client("ip -o addr").contains("10.78.")
        });
        // With a mask of 32 the resolver prefers none of several addresses.
        lan.client(&format!("ip route add 10.78.{number}.0/24 dev w{number}"));
        lan.servers(&format!("ip route add 10.78.{number}.0/24 dev w{number}"));
        Self { ends, server: Ipv4Addr::new(10, 78, number, 1) }
    }

    /// Where the servers are.
    pub(crate) fn server(&self) -> Ipv4Addr {
        self.server
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for end in &mut self.ends {
            let _ = end.kill();
            let _ = end.wait();
        }
    }
}

/// Carries packets one way until the process ends.
fn carry(socket: &UnixDatagram, to: &Path, quality: Quality) {
    let (sender, packets) = std::sync::mpsc::channel::<(Instant, Vec<u8>)>();
    let (out, to) = (UnixDatagram::unbound().expect("a socket"), to.to_owned());
    thread::spawn(move || {
        for (due, packet) in packets {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // An end that is not there yet, or no more, gets nothing.
            let _ = out.send_to(&packet, &to);
        }
    });
    let (mut packet, mut count, mut free) = ([0; 65536], 0_u32, Instant::now());
    while let Ok(length) = socket.recv(&mut packet) {
        count += 1;
        if quality.lost > 0 && count.is_multiple_of(quality.lost) {
            continue;
        }
        let now = Instant::now();
        let length_now = u32::try_from(length).expect("a packet");
        if quality.bytes_per_second > 0 {
            free = free.max(now) + Duration::from_secs(1) * length_now / quality.bytes_per_second;
        }
        if sender.send((free.max(now) + quality.delay, packet[..length].to_vec())).is_err() {
            return;
        }
    }
}
