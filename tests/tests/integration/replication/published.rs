//! What is published to a primary reaches the subscribers of its replicas, and
//! does not stay.

use super::from_redis::{text, wait_linked};
use crate::client::{Client, Reply};
use crate::process::{Folder, Server};

fn bulks(words: &[&str]) -> Vec<Reply> {
    words.iter().map(|word| Reply::Bulk(Some(word.as_bytes().to_vec()))).collect()
}

/// A connection in a subscription.
fn subscriber(server: &Server, channel: &str) -> Client {
    let mut client = server.client();
    let reply = client.line(&format!("SUBSCRIBE {channel}"));
    assert_eq!(reply, Reply::Array([bulks(&["subscribe", channel]), vec![Reply::Integer(1)]].concat()));
    client
}

/// Publishes at the primary, and hears it at the replica.
fn check(primary: &Server, replica: &Server) {
    let mut behind = replica.client();
    text(&mut behind, &format!("REPLICAOF 127.0.0.1 {}", primary.port));
    wait_linked(&mut behind);
    let mut heard = subscriber(replica, "news");
    let mut own = subscriber(primary, "news");
    let mut publisher = primary.client();
    for message in ["first", "second"] {
        assert_eq!(publisher.line(&format!("PUBLISH news {message}")), Reply::Integer(1));
    }
    for request in ["MULTI", "PUBLISH news third", "SET a 1", "EXEC"] {
        publisher.line(request);
    }
    for message in ["first", "second", "third"] {
        let expected = Reply::Array(bulks(&["message", "news", message]));
        assert_eq!((own.next(), heard.next()), (expected.clone(), expected));
    }
}

const OPTIONS: [&str; 4] = ["--save", "", "--repl-diskless-sync-delay", "0"];

#[test]
fn subscribers_of_replicas_hear_it() {
    let (first, second) = (Folder::new(), Folder::new());
    let mut options = OPTIONS.to_vec();
    options.extend(["--appendonly", "yes"]);
    let primary = Server::ours(&first, &options);
    let replica = Server::ours(&second, &options);
    check(&primary, &replica);
    let mut client = primary.client();
    assert_eq!(client.line("PUBLISH unheard more"), Reply::Integer(0));
    assert_eq!(client.line("WAIT 1 20000"), Reply::Integer(1));
    assert_eq!(client.line("WAITAOF 1 0 20000"), Reply::Array(vec![Reply::Integer(1), Reply::Integer(0)]));
    for folder in [&first, &second] {
        for entry in std::fs::read_dir(folder.path().join("appendonlydir")).expect("a folder") {
            let bytes = std::fs::read(entry.expect("a file").path()).expect("a file");
            assert!(!bytes.windows(7).any(|window| window == b"PUBLISH"), "a message is no data");
        }
    }
}

#[test]
fn subscribers_of_a_real_replica_hear_it() {
    let (first, second) = (Folder::new(), Folder::new());
    let Some(replica) = Server::real("redis-server", &second, &OPTIONS) else { return };
    check(&Server::ours(&first, &OPTIONS), &replica);
}

#[test]
fn a_real_primary_is_heard() {
    let (first, second) = (Folder::new(), Folder::new());
    let Some(primary) = Server::real("redis-server", &first, &OPTIONS) else { return };
    check(&primary, &Server::ours(&second, &OPTIONS));
}
