//! Full synchronization over two connections, with a real valkey-server at either end, and between two of ours.

use super::from_redis::{assert_same, field, text, wait_for, wait_linked, write};
use crate::client::Client;
use crate::process::{Folder, Server};

const OPTIONS: [&str; 8] = [
    "--dual-channel-replication-enabled",
    "yes",
    "--repl-diskless-sync",
    "yes",
    "--repl-diskless-sync-delay",
    "0",
    "--loglevel",
    "warning",
];

/// One server follows another while the latter is written to.
fn synchronizes(primary_at: &Server, replica_at: &Server, rounds: usize) {
    let (mut primary, mut replica) = (primary_at.client(), replica_at.client());
    primary.line("DEBUG POPULATE 20000 key 100");
    write(&mut primary, 0);
    replica.line("SET before x");
    for round in 0..rounds {
        let fulls = field(&mut primary, "stats", "sync_full");
        let continued = field(&mut primary, "stats", "sync_partial_ok");
        assert_eq!(text(&mut replica, &format!("REPLICAOF 127.0.0.1 {}", primary_at.port)), "OK");
        let mut more = 0;
        wait_for("the link", || {
            write(&mut primary, 1000 * round + more);
            more += 1;
            field(&mut replica, "replication", "master_link_status") == "up"
        });
        assert_same(&mut primary, &mut replica);
        assert_eq!(changed(&mut primary, "sync_full", &fulls), 1);
        assert_eq!(
            changed(&mut primary, "sync_partial_ok", &continued),
            1,
            "the stream came over a connection of its own"
        );
        assert_eq!(field(&mut primary, "replication", "connected_slaves"), "1");
        assert_eq!(text(&mut replica, "REPLICAOF NO ONE"), "OK");
        replica.line("SET own x");
    }
    assert_eq!(text(&mut replica, &format!("REPLICAOF 127.0.0.1 {}", primary_at.port)), "OK");
    wait_linked(&mut replica);
}

fn changed(client: &mut Client, name: &str, before: &str) -> i64 {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    number(&field(client, "stats", name)) - number(before)
}

fn both(load: &str) {
    let options = [&OPTIONS[..], &["--repl-diskless-load", load]].concat();
    let (folder, own_folder) = (Folder::new(), Folder::new());
    let Some(real) = Server::real("valkey-server", &folder, &options) else { return };
    let own_options = [&options[..], &["--save", "", "--enable-debug-command", "yes"]].concat();
    let ours = Server::ours(&own_folder, &own_options);
    synchronizes(&ours, &real, 2);
    let mut replica = real.client();
    assert_eq!(text(&mut replica, "REPLICAOF NO ONE"), "OK");
    synchronizes(&real, &ours, 2);
}

#[test]
fn with_valkey_8_0_from_a_file() {
    both("disabled");
}

#[test]
fn with_valkey_8_0_as_it_comes() {
    both("swapdb");
}

#[test]
fn among_ours() {
    let (folder, other_folder) = (Folder::new(), Folder::new());
    let options = [&OPTIONS[..], &["--save", "", "--enable-debug-command", "yes", "--appendonly", "yes"]].concat();
    let (one, other) = (Server::ours(&folder, &options), Server::ours(&other_folder, &options));
    synchronizes(&one, &other, 2);
}
