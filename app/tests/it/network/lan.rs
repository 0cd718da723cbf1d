//! A small network for one test: the program's side, with files in `/etc` of its own, and the servers' side.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use manage_test_support::{Backend, Program};

use super::names::Names;

/// What the program's side mounts over `/etc`, and then it waits for the end of its stdin.
const HOLDER: &str = r#"
ip link set lo up
for file in resolv.conf hosts nsswitch.conf; do mount --bind "$1/$file" "/etc/$file" || exit 1; done
echo ready
exec cat
"#;

/// An Ethernet address that nobody has: what is sent there is lost without a word.
const NOBODY: &str = "02:00:00:00:00:66";

/// Two ends of a cable: `10.77.N.1`, where the servers and the name server are, and `10.77.N.2`, where the
/// program runs.
pub(crate) struct Lan {
    number: u8,
    holder: Child,
    third: Child,
    folder: tempfile::TempDir,
    pub(crate) names: Names,
}

impl Lan {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU8 = AtomicU8::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
        file("resolv.conf", &format!("nameserver 10.77.{number}.1\n"));
        file("hosts", &hosts_file(""));
        file("nsswitch.conf", "hosts: files dns\n");
        let holder = machine(HOLDER, folder.path());
        let third = machine("echo ready; exec cat", folder.path());
        run(&format!(
            "ip link add s{number} type veth peer name c netns {} && ip addr add 10.77.{number}.1/24 dev s{number} && \
             ip link set s{number} up",
            holder.id()
        ));
        let names = Names::start(Ipv4Addr::new(10, 77, number, 1));
        let lan = Self { number, holder, third, folder, names };
        // With a mask of 32 the resolver prefers none of several addresses.
        lan.client(&format!("ip addr add 10.77.{number}.2/32 dev c && ip link set c up"));
        lan.route(true);
        lan
    }

    /// An address of this network.
    pub(crate) fn ip(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 77, self.number, last)
    }

    /// Where the servers are.
    pub(crate) fn server(&self) -> Ipv4Addr {
        self.ip(1)
    }

    /// The address of a third machine, where nothing listens. There is one.
    pub(crate) fn refused(&self) -> Ipv4Addr {
        let (ip, back, pid) = (self.ip(99), self.ip(2), self.third.id());
        self.client(&format!(
            "ip link add r type veth peer name e netns {pid} && ip link set r up && ip route add {ip}/32 dev r"
        ));
        run(&format!(
            "nsenter --net=/proc/{pid}/ns/net sh -c \
             'ip addr add {ip}/32 dev e && ip link set e up && ip route add {back}/32 dev e'"
        ));
        ip
    }

    /// An address that swallows everything.
    pub(crate) fn blackhole(&self) -> Ipv4Addr {
        self.cut(self.ip(66));
        self.ip(66)
    }

    /// From now on all that is sent to an address is lost, also on connections that stand.
    pub(crate) fn cut(&self, ip: Ipv4Addr) {
        self.client(&format!("ip neigh replace {ip} lladdr {NOBODY} dev c nud permanent"));
    }

    /// Ends [`Self::cut`].
    pub(crate) fn restore(&self, ip: Ipv4Addr) {
        self.client(&format!("ip neigh del {ip} dev c"));
    }

    /// Whether the program's side has a route to the network.
    pub(crate) fn route(&self, there: bool) {
        let verb = if there { "add" } else { "del" };
        self.client(&format!("ip route {verb} 10.77.{}.0/24 dev c", self.number));
    }

    /// Runs a line of shell on the program's side.
    #[track_caller]
    pub(crate) fn client(&self, line: &str) -> String {
        let mut command = Command::new("nsenter");
        checked(command.args(self.entry()).args(["sh", "-c", line]))
    }

    /// Runs a line of shell on the servers' side. `DEV` is the end of the cable there.
    #[track_caller]
    pub(crate) fn servers(&self, line: &str) {
        run(&line.replace("DEV", &format!("s{}", self.number)));
    }

    /// Replaces `/etc/hosts` of the program's side.
    pub(crate) fn hosts(&self, text: &str) {
        // In place, as a new file would not be the one that is mounted; and at once, as an emptied one has no
        // names.
        let file =
            fs::OpenOptions::new().write(true).open(self.folder.path().join("hosts")).expect("the file");
        file.write_all_at(hosts_file(text).as_bytes(), 0).expect("a file");
    }

    /// In which order the resolver of the program's side has the addresses of a name.
    pub(crate) fn order(&self, name: &str) -> Vec<String> {
        let lines = self.client(&format!("getent ahosts {name}"));
        let stream = lines.lines().filter(|line| line.contains("STREAM"));
        stream.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
    }

    /// The program, on its side. The URL's host becomes `host`.
    pub(crate) fn manage(&self, url: &str, host: &str) -> Program {
        let program = Program::new("nsenter").args(self.entry()).arg(env!("CARGO_BIN_EXE_manage"));
        program.env("DATABASE_URL", at(url, host))
    }

    /// The same as process 1 of a process namespace. A signal must go to the child of what runs.
    pub(crate) fn manage_as_first(&self, url: &str, host: &str) -> Program {
        let program = Program::new("nsenter").args(self.entry());
        let program =
            program.args(["unshare", "--pid", "--fork", "--mount-proc"]).arg(env!("CARGO_BIN_EXE_manage"));
        program.env("DATABASE_URL", at(url, host))
    }

    pub(crate) fn entry(&self) -> [String; 3] {
        let of = |name: &str| format!("/proc/{}/ns/{name}", self.holder.id());
        [format!("--net={}", of("net")), format!("--mount={}", of("mnt")), "--".to_owned()]
    }

    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        for machine in [&mut self.holder, &mut self.third] {
            drop(machine.stdin.take());
            let _ = machine.wait();
        }
    }
}

/// Always of the same length.
fn hosts_file(text: &str) -> String {
    format!("{:\n<500}", format!("127.0.0.1 localhost\n{text}"))
}

/// A network and mount namespace that lives until its stdin ends.
fn machine(script: &str, folder: &Path) -> Child {
    let mut machine = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script, "machine"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("unshare");
    let mut said = String::new();
    BufReader::new(machine.stdout.take().expect("a pipe")).read_line(&mut said).expect("a line");
    assert_eq!(said, "ready\n", "a network of its own");
    machine
}

/// A URL of a test server with another host.
pub(crate) fn at(url: &str, host: &str) -> String {
    url.replacen("@127.0.0.1:", &format!("@{host}:"), 1)
}

/// The port that a backend's own programs take.
pub(crate) fn port(url: &str) -> u16 {
    let rest = url.rsplit_once(':').expect("a port").1;
    rest.split('/').next().and_then(|port| port.parse().ok()).expect("a port")
}

/// The URL of a server that is none.
pub(crate) fn nobody(backend: Backend) -> String {
    let (scheme, port) = if backend == Backend::MariaDb { ("mysql", 3306) } else { ("postgres", 5432) };
    format!("{scheme}://blog:very-secret@127.0.0.1:{port}/blog")
}

#[track_caller]
fn run(line: &str) {
    checked(Command::new("sh").args(["-c", line]));
}

#[track_caller]
fn checked(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a shell");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
