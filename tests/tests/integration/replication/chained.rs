//! Ours as the replica of ours, and a replica behind it; the first two change
//! places.

use super::from_redis::{assert_same, field, text, wait_for, wait_linked};
use crate::process::{Folder, Server};

#[test]
fn a_failover_needs_no_full_synchronization() {
    let folders = [Folder::new(), Folder::new(), Folder::new()];
    let options = ["--save", "", "--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"];
    let servers = folders.each_ref().map(|folder| Server::ours(folder, &options));
    let [mut first, mut second, mut third] = servers.each_ref().map(Server::client);
    first.line("DEBUG POPULATE 2000");
    text(&mut second, &format!("REPLICAOF 127.0.0.1 {}", servers[0].port));
    wait_linked(&mut second);
    text(&mut third, &format!("REPLICAOF 127.0.0.1 {}", servers[1].port));
    wait_linked(&mut third);
    text(&mut first, "SET a 1");
    assert_same(&mut first, &mut second);
    assert_same(&mut first, &mut third);
    assert_eq!(text(&mut first, &format!("FAILOVER TO 127.0.0.1 {} TIMEOUT 20000", servers[1].port)), "OK");
    wait_for("the failover", || {
        field(&mut second, "replication", "role") == "master"
            && field(&mut first, "replication", "master_failover_state") == "no-failover"
    });
    wait_linked(&mut first);
    wait_linked(&mut third);
    assert_eq!(text(&mut second, "SET b 2"), "OK");
    assert_same(&mut second, &mut first);
    assert_same(&mut second, &mut third);
    assert_eq!(field(&mut first, "stats", "sync_full"), "1", "of the second, before");
    assert_eq!(field(&mut second, "stats", "sync_full"), "1", "of the third, before");
}
