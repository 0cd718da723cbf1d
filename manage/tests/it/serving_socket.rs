//! A listening socket that another process passes, as systemd does.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use command_fds::{CommandFdExt, FdMapping};
use manage_test_support::case;

use crate::project::AS_PROGRAM;
use crate::serving::SOON;

/// A server that gets these files from number 3 on.
fn start(command: &str, files: Vec<OwnedFd>, variables: &[(&str, &str)]) -> Child {
    let mappings = files.into_iter().enumerate().map(|(index, file)| FdMapping {
        parent_fd: file,
        child_fd: 3 + i32::try_from(index).expect("few files"),
    });
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child
        .args([command, "1", "--skip-checks"])
        .env(AS_PROGRAM, "1")
        .env("MANAGE_SERVER_ALLOWED_HOSTS", "shop.example")
        .envs(variables.iter().copied())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .fd_mappings(mappings.collect())
        .expect("numbers");
    child.spawn().expect("a server")
}

fn get(listener: &TcpListener) -> String {
    let mut stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    stream.set_read_timeout(Some(SOON)).expect("a time limit");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn stop(mut server: Child) {
    server.kill().expect("a server");
    server.wait().expect("a server");
}

#[case]
fn a_passed_socket_is_served() {
    for command in ["serve", "runserver"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let passed = || vec![listener.try_clone().expect("a socket").into()];
        let options = [("LISTEN_FDS", "1")];
        // A request that was sent before the first server existed is not refused, nor one between two.
        let early = std::thread::scope(|scope| {
            let early = scope.spawn(|| get(&listener));
            let first = start(command, passed(), &options);
            let early = early.join().expect("an answer");
            stop(first);
            early
        });
        assert!(early.ends_with("ok\n"), "{command}: {early}");
        let late = std::thread::scope(|scope| {
            let late = scope.spawn(|| get(&listener));
            let second = start(command, passed(), &options);
            let late = late.join().expect("an answer");
            stop(second);
            late
        });
        assert!(late.ends_with("ok\n"), "{command}: {late}");
    }
}

#[case]
fn what_cannot_be_served() {
    let listener = || -> OwnedFd { TcpListener::bind("127.0.0.1:0").expect("a socket").into() };
    let no_socket = || -> OwnedFd { File::open("/dev/null").expect("a file").into() };
    let unix = || -> OwnedFd {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::net::UnixListener::bind(folder.path().join("s")).expect("a socket").into()
    };
    let connected = || -> OwnedFd {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
        TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection").into()
    };
    for (files, count, error) in [
        (vec![no_socket()], "1", "fd 3 is not a socket"),
        (vec![unix()], "1", "fd 3 is not a valid tcp socket"),
        (vec![connected()], "1", "the socket that was passed does not listen"),
        (vec![listener(), listener()], "2", "2 sockets were passed, and only one can be served"),
    ] {
        let output = start("serve", files, &[("LISTEN_FDS", count)]).wait_with_output().expect("an end");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        let line = format!("Error: Cannot use the socket that was passed (LISTEN_FDS): {error}.");
        assert!(stderr.contains(&line), "{stderr}");
    }
    // It was meant for another process. Port 1 is not one that is listened at here.
    let ignored = [("LISTEN_FDS", "1"), ("LISTEN_PID", "1")];
    let passed = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let mut server = start("serve", vec![passed.try_clone().expect("a socket").into()], &ignored);
    let mut first = [0; 1000];
    let length = server.stdout.take().expect("stdout").read(&mut first).expect("a line");
    let text = String::from_utf8_lossy(&first[..length]).into_owned();
    let _ = server.kill();
    let output = server.wait_with_output().expect("an end");
    let refused = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("http://127.0.0.1:1/") || refused.contains("permission"), "{text}{refused}");
}
