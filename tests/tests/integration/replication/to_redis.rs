//! Real servers as replicas of ours: full synchronization, the stream, partial
//! synchronization.

use super::from_redis::{assert_same, field, text, wait_for, wait_linked, write};
use crate::client::Reply;
use crate::process::{Folder, Server};

/// A real server follows ours, by a way to send and to load the snapshot.
fn followed_by(program: &str, diskless: &str, load: &str) {
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let Some(real) = Server::real(program, &folder, &["--repl-diskless-load", load]) else { return };
    let options = [
        "--save",
        "",
        "--enable-debug-command",
        "yes",
        "--repl-diskless-sync",
        diskless,
        "--repl-diskless-sync-delay",
        "0",
    ];
    let ours = Server::ours(&own_folder, &options);
    let mut primary = ours.client();
    primary.line("DEBUG POPULATE 20000 key 100");
    primary.line("SET old x");
    primary.line("SET lasting y PXAT 4000000000000");
    write(&mut primary, 0);
    let mut replica = real.client();
    replica.line("SET before x");
    assert_eq!(text(&mut replica, &format!("REPLICAOF 127.0.0.1 {}", ours.port)), "OK");
    wait_linked(&mut replica);
    assert_same(&mut primary, &mut replica);
    assert_eq!(replica.line("GET before"), Reply::Bulk(None));
    assert_eq!(replica.line("PEXPIRETIME lasting"), Reply::Integer(4_000_000_000_000));
    for round in 1..50 {
        write(&mut primary, round);
    }
    assert_eq!(primary.line("WAIT 1 10000"), Reply::Integer(1));
    assert_same(&mut primary, &mut replica);

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
}

#[test]
fn redis_7_0_from_a_file() {
    followed_by("redis-server", "no", "disabled");
    followed_by("redis-server", "no", "swapdb");
}

#[test]
fn redis_7_0_as_it_is_made() {
    followed_by("redis-server", "yes", "disabled");
    followed_by("redis-server", "yes", "swapdb");
}

#[test]
fn valkey_8_0_from_a_file() {
    followed_by("valkey-server", "no", "disabled");
}

#[test]
fn valkey_8_0_as_it_is_made() {
    followed_by("valkey-server", "yes", "disabled");
    followed_by("valkey-server", "yes", "on-empty-db");
}

/// Roles are exchanged between ours and a real one, there and back.
#[test]
fn redis_7_0_by_failover() {
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let options = ["--repl-diskless-sync-delay", "0"];
    let Some(real) = Server::real("redis-server", &folder, &options) else { return };
    let options = ["--save", "", "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];
    let ours = Server::ours(&own_folder, &options);
    let (mut own, mut other) = (ours.client(), real.client());
    assert_eq!(text(&mut other, &format!("REPLICAOF 127.0.0.1 {}", ours.port)), "OK");
    wait_linked(&mut other);
    write(&mut own, 1);
    for round in 0..2 {
        let (primary, replica, port) =
            if round == 0 { (&mut own, &mut other, real.port) } else { (&mut other, &mut own, ours.port) };
        assert_same(primary, replica);
        assert_eq!(text(primary, &format!("FAILOVER TO 127.0.0.1 {port} TIMEOUT 20000")), "OK");
        wait_for("the failover", || {
            field(replica, "replication", "role") == "master"
                && field(primary, "replication", "master_failover_state") == "no-failover"
        });
        wait_linked(primary);
        write(replica, 2 + round);
        assert_same(replica, primary);
        assert_eq!(field(replica, "stats", "sync_full"), if round == 0 { "0" } else { "1" });
    }
}
