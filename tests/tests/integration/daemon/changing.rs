//! Parameters of the process that change while it runs.

use crate::daemon::process::{Server, ask, free_port, wait_until};
use std::net::TcpListener;

#[test]
fn the_port_moves() {
    let server = Server::start(&[]);
    let (old, new) = (format!("127.0.0.1:{}", server.port), free_port());
    assert_eq!(server.ask(&["CONFIG", "SET", "port", &new.to_string()]), "+OK");
    assert_eq!(ask(&format!("127.0.0.1:{new}"), &["PING"]).unwrap(), "+PONG");
    assert!(ask(&old, &["PING"]).is_err());
}

#[test]
fn a_port_that_is_taken_leaves_the_old_one() {
    let server = Server::start(&[]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_eq!(
        server.ask(&["CONFIG", "SET", "port", &port]),
        "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs."
    );
    assert_eq!(server.ask(&["PING"]), "+PONG");
    assert!(server.log().contains(&format!("listening socket 127.0.0.1:{port}: bind: Address already in use")));
}

#[test]
fn the_addresses_change() {
    let server = Server::start(&[]);
    let port = server.port;
    assert_eq!(server.ask(&["CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2"]), "+OK");
    assert_eq!(ask(&format!("127.0.0.2:{port}"), &["PING"]).unwrap(), "+PONG");
    assert_eq!(
        server.ask(&["CONFIG", "SET", "bind", "127.0.0.1 192.0.2.1"]),
        "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses."
    );
    assert_eq!(ask(&format!("127.0.0.2:{port}"), &["PING"]).unwrap(), "+PONG");
    assert_eq!(server.ask(&["CONFIG", "SET", "bind", "*"]), "+OK");
    assert_eq!(ask(&format!("127.0.0.3:{port}"), &["PING"]).unwrap(), "+PONG");
}

#[test]
fn more_clients_than_descriptors_are_refused() {
    let server = Server::start(&["--maxclients", "100"]);
    let reply = server.ask(&["CONFIG", "SET", "maxclients", "2000000000"]);
    assert!(
        reply.contains("The operating system is not able to handle the specified number of clients, try with "),
        "{reply}"
    );
    assert_eq!(server.ask(&["CONFIG", "SET", "maxclients", "200"]), "+OK");
}

#[test]
fn level_and_title_change() {
    let server = Server::start(&["--loglevel", "warning", "--always-show-logo", "no", "--enable-debug-command", "yes"]);
    assert_eq!(server.ask(&["CONFIG", "SET", "loglevel", "verbose"]), "+OK");
    assert_eq!(server.ask(&["PING"]), "+PONG");
    wait_until("a connection is logged", || server.log().contains(" - Accepted 127.0.0.1:"));
    assert_eq!(server.ask(&["CONFIG", "SET", "proc-title-template", "TEST {listen-addr}"]), "+OK");
    let title = std::fs::read_to_string(format!("/proc/{}/cmdline", server.process())).unwrap();
    assert!(title.starts_with(&format!("TEST 127.0.0.1:{}\0", server.port)), "{title}");
}

#[test]
fn the_score_for_running_out_of_memory_changes_and_comes_back() {
    let server = Server::start(&[]);
    let score = || -> i32 {
        let text = std::fs::read_to_string(format!("/proc/{}/oom_score_adj", server.process())).unwrap();
        text.trim().parse().unwrap()
    };
    let at_start = score();
    assert_eq!(server.ask(&["CONFIG", "SET", "oom-score-adj-values", "300 400 500"]), "+OK");
    assert_eq!(score(), at_start);
    assert_eq!(server.ask(&["CONFIG", "SET", "oom-score-adj", "absolute"]), "+OK");
    assert_eq!(score(), 300);
    assert_eq!(server.ask(&["CONFIG", "SET", "oom-score-adj", "no"]), "+OK");
    assert_eq!(score(), at_start);
}
