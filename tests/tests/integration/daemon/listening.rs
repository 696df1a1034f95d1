//! Addresses, sockets and ports.

use crate::daemon::process::{Scratch, Server, ask, ask_stream, free_port, run};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

/// Whether the machine has IPv6.
fn has_v6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[test]
fn every_address_and_the_unix_socket_answer() {
    let scratch = Scratch::new();
    let socket = scratch.file("s");
    let port = free_port();
    let group = nix::unistd::getgid().to_string();
    let arguments = [
        "--bind",
        "127.0.0.1",
        "127.0.0.2",
        "-::1",
        "-192.0.2.7",
        "--unixsocket",
        &socket,
        "--unixsocketperm",
        "700",
        "--unixsocketgroup",
        &group,
    ];
    let server = Server::start_in(scratch, port, &arguments);
    for address in ["127.0.0.1", "127.0.0.2"] {
        assert_eq!(ask(&format!("{address}:{port}"), &["PING"]).unwrap(), "+PONG");
    }
    if has_v6() {
        assert_eq!(ask(&format!("[::1]:{port}"), &["PING"]).unwrap(), "+PONG");
    }
    assert_eq!(ask_stream(UnixStream::connect(&socket).unwrap(), &["PING"]).unwrap(), "+PONG");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    let log = server.log();
    assert!(log.contains("TCP listening socket 192.0.2.7:"), "{log}");
    assert!(log.contains("Ready to accept connections tcp") && log.contains("Ready to accept connections unix"));
}

#[test]
fn wildcards_mean_all_addresses() {
    let server = Server::start(&["--bind", "*", "-::*"]);
    assert_eq!(ask(&format!("127.0.0.3:{}", server.port), &["PING"]).unwrap(), "+PONG");
    if has_v6() {
        assert_eq!(ask(&format!("[::1]:{}", server.port), &["PING"]).unwrap(), "+PONG");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let server = Server::start(&[]);
    let scratch = Scratch::new();
    let port = server.port.to_string();
    let output = run(&scratch.program("redis-server"), &["--port", &port, "--bind", "127.0.0.1"], "");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let reason = format!("TCP listening socket 127.0.0.1:{port}: bind: Address already in use");
    assert!(stdout.contains(&reason), "{stdout}");
    assert!(stdout.contains(&format!("Failed listening on port {port} (tcp), aborting.")), "{stdout}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(server.ask(&["PING"]), "+PONG");
}

#[test]
fn a_unix_socket_alone_is_enough() {
    let scratch = Scratch::new();
    let socket = scratch.file("s");
    let mut server = Server::start_in(scratch, 0, &["--unixsocket", &socket]);
    assert_eq!(ask_stream(UnixStream::connect(&socket).unwrap(), &["PING"]).unwrap(), "+PONG");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(server.wait().success());
    assert!(!std::path::Path::new(&socket).exists());
}

#[test]
fn connections_are_spread_over_the_threads() {
    let server = Server::start(&["--io-threads", "3"]);
    assert_eq!(server.ask(&["SET", "a", "b"]), "+OK");
    let streams: Vec<_> = (0..6).map(|_| std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap()).collect();
    for stream in streams {
        assert_eq!(ask_stream(stream, &["GET", "a"]).unwrap(), "$1");
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.process())).unwrap();
    let names: Vec<String> =
        tasks.flatten().flat_map(|task| std::fs::read_to_string(task.path().join("comm"))).collect();
    for name in ["io-1\n", "io-2\n", "disk\n", "signal\n"] {
        assert!(names.iter().any(|found| found == name), "{name} of {names:?}");
    }
}
