//! What comes back with its append only file goes on where that ends: replicas by a partial synchronization, and replicas
//! of a primary as well. redis-server reads such files, too.

use super::from_redis::{assert_same, field, text, wait_linked, write};
use crate::process::{Folder, Server, daemon, installed};
use std::process::Command;

const OPTIONS: [&str; 10] = [
    "--appendonly",
    "yes",
    "--save",
    "",
    "--repl-diskless-sync-delay",
    "0",
    "--enable-debug-command",
    "yes",
    "--repl-ping-replica-period",
    "1",
];

#[test]
fn both_sides_come_back_without_a_full_synchronization() {
    for killed in [false, true] {
        let (folder, other_folder) = (Folder::new(), Folder::new());
        // A process that is killed has written all that anybody saw only if it is synced before.
        let options = [&OPTIONS[..], &["--appendfsync", "always"]].concat();
        let mut one = Server::ours(&folder, &options);
        let place = format!("127.0.0.1 {}", one.port);
        let replica_options = [&options[..], &["--replicaof", &place]].concat();
        let mut other = Server::ours(&other_folder, &replica_options);
        let (mut primary, mut replica) = (one.client(), other.client());
        wait_linked(&mut replica);
        for round in 0..20 {
            write(&mut primary, round);
        }
        assert_same(&mut primary, &mut replica);

        let port = other.port;
        end(&mut other, killed);
        write(&mut primary, 30);
        other = Server::start_on(port, daemon(), &other_folder, &replica_options);
        replica = other.client();
        wait_linked(&mut replica);
        assert_same(&mut primary, &mut replica);
        assert_eq!(field(&mut primary, "stats", "sync_full"), "1");
        assert_eq!(field(&mut primary, "stats", "sync_partial_ok"), "1");
        write(&mut primary, 31);
        assert_same(&mut primary, &mut replica);

        // A PING that came last is written down within a second or two.
        std::thread::sleep(std::time::Duration::from_millis(if killed { 50 } else { 0 }));
        let port = one.port;
        end(&mut one, killed);
        one = Server::start_on(port, daemon(), &folder, &options);
        primary = one.client();
        wait_linked(&mut replica);
        if !killed {
            assert_eq!(field(&mut primary, "stats", "sync_full"), "0");
            assert_eq!(field(&mut primary, "stats", "sync_partial_ok"), "1");
        }
        write(&mut primary, 40);
        assert_same(&mut primary, &mut replica);
    }
}

fn end(server: &mut Server, killed: bool) {
    if killed {
        server.kill();
    } else {
        drop(server.client().try_ask(&[b"SHUTDOWN"]));
        assert_eq!(server.wait(), Some(0));
    }
}

#[test]
fn redis_7_0_reads_what_tells_of_its_place() {
    let folder = Folder::new();
    let Some(redis) = installed("redis-server") else { return };
    let other_folder = Folder::new();
    let options = [&OPTIONS[..], &["--rdb-version", "10"]].concat();
    let mut one = Server::ours(&folder, &options);
    let place = format!("127.0.0.1 {}", one.port);
    let replica_options = [&OPTIONS[..], &["--replicaof", &place]].concat();
    let other = Server::ours(&other_folder, &replica_options);
    let (mut primary, mut replica) = (one.client(), other.client());
    wait_linked(&mut replica);
    for round in 0..20 {
        write(&mut primary, round);
    }
    assert_same(&mut primary, &mut replica);
    let digest = text(&mut primary, "DEBUG DIGEST");
    end(&mut one, false);
    let manifest = folder.path().join("appendonlydir/appendonly.aof.manifest");
    let increment = std::fs::read(folder.path().join("appendonlydir/appendonly.aof.1.incr.aof")).expect("a file");
    assert!(increment.windows(6).any(|window| window == b"#REPL:"));
    if let Some(check) = installed("redis-check-aof") {
        let output = Command::new(check).arg(&manifest).output().expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let real = Server::start_on(one.port, &redis, &folder, &OPTIONS);
    assert_eq!(text(&mut real.client(), "DEBUG DIGEST"), digest);
}
