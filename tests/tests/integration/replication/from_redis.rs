//! Ours as the replica of real servers: full synchronization, the stream,
//! partial synchronization, promotion.

use crate::client::{Client, Reply};
use crate::process::{Folder, Server};
use std::time::{Duration, Instant};

/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something holds.
pub(super) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "{what} does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn text(client: &mut Client, request: &str) -> String {
    match client.line(request) {
        Reply::Bulk(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        Reply::Line(line) => line,
        other => panic!("{request}: {other:?}"),
    }
}

/// A field of INFO.
pub(super) fn field(client: &mut Client, section: &str, name: &str) -> String {
    let info = text(client, &format!("INFO {section}"));
    let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_default().to_owned()
}

pub(super) fn wait_linked(replica: &mut Client) {
    wait_for("the link", || field(replica, "replication", "master_link_status") == "up");
}

/// Waits until the replica has all that the primary wrote, and compares.
pub(super) fn assert_same(primary: &mut Client, replica: &mut Client) {
    // The primary deletes it when it looks.
    primary.line("SELECT 5");
    wait_for("an expiry", || primary.line("EXISTS gone") == Reply::Integer(0));
    primary.line("SELECT 0");
    wait_for("the same offset", || {
        let wanted = field(primary, "replication", "master_repl_offset");
        field(replica, "replication", "slave_repl_offset") == wanted
    });
    assert_eq!(text(primary, "DEBUG DIGEST"), text(replica, "DEBUG DIGEST"));
}

pub(super) fn write(primary: &mut Client, round: usize) {
    for request in [
        "SELECT 3",
        &format!("SET round {round}"),
        "INCRBY counter 7",
        "MULTI",
        "APPEND log entry,",
        "SELECT 5",
        &format!("SET volatile:{round} x PX 100000"),
        "EXEC",
        "SET gone x PX 1",
        "SELECT 0",
        &format!("MSET a {round} b {round}"),
        "DEL old",
    ] {
        let reply = primary.line(request);
        assert!(!matches!(&reply, Reply::Line(line) if line.starts_with('-')), "{request}: {reply:?}");
    }
}

/// A real server as the primary of ours, by a way to load and to send the
/// snapshot.
fn follow(program: &str, load: &str, diskless: &str) {
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let options = ["--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", "0"];
    let Some(real) = Server::real(program, &folder, &options) else { return };
    let mut primary = real.client();
    primary.line("DEBUG POPULATE 20000 key 100");
    primary.line("SET old x");
    primary.line("SET lasting y PXAT 4000000000000");
    write(&mut primary, 0);
    let options = ["--save", "", "--enable-debug-command", "yes", "--repl-diskless-load", load];
    let ours = Server::ours(&own_folder, &options);
    let mut replica = ours.client();
    replica.line("SET before x");
    assert_eq!(text(&mut replica, &format!("REPLICAOF 127.0.0.1 {}", real.port)), "OK");
    wait_linked(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(replica.line("GET before"), Reply::Bulk(None));
    assert_eq!(replica.line("PEXPIRETIME lasting"), Reply::Integer(4_000_000_000_000));
    for round in 1..50 {
        write(&mut primary, round);
    }
    assert_eq!(primary.line("WAIT 1 10000"), Reply::Integer(1));
    assert_same(&mut primary, &mut replica);
    assert!(text(&mut replica, "SET a x").starts_with("-READONLY"));

    // The link is cut, on either side, and what was missed comes.
    for cut in 0..2 {
        let partial = field(&mut primary, "stats", "sync_partial_ok");
        if cut == 0 {
            assert_eq!(primary.line("CLIENT KILL TYPE replica"), Reply::Integer(1));
        } else {
            assert_eq!(replica.line("CLIENT KILL TYPE master"), Reply::Integer(1));
        }
        write(&mut primary, 100 + cut);
        wait_for("the partial synchronization", || field(&mut primary, "stats", "sync_partial_ok") != partial);
        wait_linked(&mut replica);
        assert_same(&mut primary, &mut replica);
    }
    assert_eq!(field(&mut primary, "stats", "sync_full"), "1");

    let (id, offset) =
        (field(&mut replica, "replication", "master_replid"), field(&mut replica, "replication", "slave_repl_offset"));
    assert_eq!(text(&mut replica, "REPLICAOF NO ONE"), "OK");
    assert_eq!(field(&mut replica, "replication", "role"), "master");
    assert_eq!(field(&mut replica, "replication", "master_replid2"), id);
    let next = offset.parse::<u64>().expect("a number") + 1;
    assert_eq!(field(&mut replica, "replication", "second_repl_offset"), next.to_string());
    assert_eq!(text(&mut replica, "SET a own"), "OK");
}

#[test]
fn redis_7_0_by_disk() {
    follow("redis-server", "disabled", "no");
    follow("redis-server", "disabled", "yes");
}

#[test]
fn redis_7_0_as_it_comes() {
    follow("redis-server", "swapdb", "yes");
    follow("redis-server", "flush-before-load", "no");
}

#[test]
fn valkey_8_0_by_disk() {
    follow("valkey-server", "disabled", "yes");
}

#[test]
fn valkey_8_0_as_it_comes() {
    follow("valkey-server", "swapdb", "no");
    follow("valkey-server", "on-empty-db", "yes");
}

/// Saved with its position, a replica goes on where it was when it is started
/// again.
#[test]
fn a_replica_that_restarts_goes_on() {
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let options = ["--repl-diskless-sync-delay", "0"];
    let Some(real) = Server::real("redis-server", &folder, &options) else { return };
    let mut primary = real.client();
    let address = real.port.to_string();
    let options = ["--save", "900 1", "--enable-debug-command", "yes", "--replicaof", "127.0.0.1", &address];
    let mut ours = Server::ours(&own_folder, &options);
    let mut replica = ours.client();
    wait_linked(&mut replica);
    write(&mut primary, 1);
    assert_same(&mut primary, &mut replica);
    drop(replica.try_ask(&[b"SHUTDOWN"]));
    assert_eq!(ours.wait(), Some(0));
    write(&mut primary, 2);
    let ours = Server::ours(&own_folder, &options);
    let mut replica = ours.client();
    wait_linked(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(field(&mut primary, "stats", "sync_full"), "1");
    assert_eq!(field(&mut primary, "stats", "sync_partial_ok"), "1");
}
