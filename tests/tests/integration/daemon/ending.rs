//! Signals, and crashes.

use crate::daemon::process::{Scratch, Server, free_port};
use nix::sys::signal::Signal;
use std::os::unix::process::ExitStatusExt;

#[test]
fn signals_shut_down() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let scratch = Scratch::new();
        let pid_file = scratch.file("pid");
        let mut server = Server::start_in(scratch, free_port(), &["--pidfile", &pid_file]);
        assert_eq!(server.scratch.read("pid"), format!("{}\n", server.process()));
        server.signal(Signal::SIGHUP);
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0));
        let log = server.log();
        assert!(log.contains(&format!("Received {signal} scheduling shutdown...")), "{log}");
        assert!(!std::path::Path::new(&pid_file).exists());
    }
}

/// Scripts look at the last line of the log.
#[test]
fn what_ends_a_server_that_can_not_load_is_said_last() {
    let scratch = Scratch::new();
    let [pid_file, socket, log] = ["pid", "socket", "log"].map(|name| scratch.file(name));
    scratch.write("dump.rdb", "REDIS0987");
    let ended = std::process::Command::new(scratch.program("redis-server"))
        .args(["--port", "0", "--unixsocket", &socket, "--pidfile", &pid_file, "--logfile", &log])
        .args(["--dir", &scratch.path().display().to_string()])
        .status()
        .expect("the daemon");
    assert_eq!(ended.code(), Some(1));
    let log = scratch.read("log");
    let last = log.lines().last().unwrap_or_default();
    assert!(last.ends_with("# Fatal error loading the DB, check server logs. Exiting."), "{log}");
    assert!([pid_file, socket].iter().all(|left| !std::path::Path::new(left).exists()));
}

#[test]
fn a_second_interrupt_does_not_wait_for_the_engine() {
    let mut server = Server::start(&["--enable-debug-command", "yes"]);
    assert_eq!(server.ask(&["DEBUG", "SLEEP", "0"]), "+OK");
    let port = server.port;
    let sleeper = std::thread::spawn(move || {
        crate::daemon::process::ask(&format!("127.0.0.1:{port}"), &["DEBUG", "SLEEP", "10"])
    });
    std::thread::sleep(std::time::Duration::from_millis(300));
    server.signal(Signal::SIGINT);
    std::thread::sleep(std::time::Duration::from_millis(100));
    server.signal(Signal::SIGINT);
    assert_eq!(server.wait().code(), Some(1));
    assert!(server.log().contains("You insist... exiting now."), "{}", server.log());
    drop(sleeper.join());
}

#[test]
fn a_crash_leaves_a_report_and_its_signal() {
    for (signal, number) in [(Signal::SIGSEGV, 11), (Signal::SIGABRT, 6), (Signal::SIGFPE, 8)] {
        let mut server = Server::start(&[]);
        server.signal(signal);
        assert_eq!(server.wait().signal(), Some(number));
        let log = server.log();
        assert_eq!(log.matches("=== REDIS BUG REPORT START").count(), 1, "{log}");
        assert!(log.contains(&format!("crashed by signal: {number}")), "{log}");
        assert_eq!(log.matches("STACK TRACE DONE").count(), 1, "{log}");
        assert!(log.contains("=== REDIS BUG REPORT END"), "{log}");
    }
    let mut server = Server::start(&["--crash-log-enabled", "no"]);
    server.signal(Signal::SIGSEGV);
    assert_eq!(server.wait().signal(), Some(11));
    assert!(!server.log().contains("BUG REPORT"));
}

#[test]
fn a_crash_on_request_leaves_a_report() {
    for (how, text) in [("SEGFAULT", "crashed by signal: 11"), ("PANIC", "ASSERTION FAILED: ")] {
        let mut server = Server::start(&["--enable-debug-command", "yes"]);
        drop(crate::daemon::process::ask(&format!("127.0.0.1:{}", server.port), &["DEBUG", how]));
        assert!(!server.wait().success());
        let log = server.log();
        assert!(log.contains(text), "{log}");
        assert_eq!(log.matches("STACK TRACE DONE").count(), 1, "{log}");
    }
}
