//! What a live daemon did is done again from its recording.

use crate::client::Reply;
use crate::daemon::process::{free_port, run};
use crate::process::{Folder, Server, daemon};
use engine::boundary::id::DatabaseId;
use sim::node::Node;
use sim::replay::{read_recording, replay_until};
use sim::serve::serve;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// Threads that write, read, expire and evict at once.
fn work(server: &Server, requests: u32) {
    std::thread::scope(|scope| {
        for number in 0..4 {
            let mut client = server.client();
            scope.spawn(move || {
                for at in 0..requests {
                    let key = format!("key:{}", (at * 7919 + number) % 500);
                    client.line(&format!("SET {key} {} PX {}", "v".repeat((at % 300) as usize + 1), 1 + at % 40));
                    client.line(&format!("INCR counter:{number}"));
                    client.line(&format!("GETEX {key} EX 100"));
                    client.line("MULTI");
                    client.line(&format!("APPEND log:{number} x"));
                    client.line("RANDOMKEY");
                    client.line("EXEC");
                }
            });
        }
    });
}

#[test]
fn a_recording_replays() {
    let folder = Folder::new();
    let directory = folder.path().join("tape");
    let record = directory.to_string_lossy().into_owned();
    let options = ["--record", &record, "--io-threads", "2", "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru"];
    let mut server = Server::ours(&folder, &options);
    work(&server, 200);
    let mut client = server.client();
    client.line("BGSAVE");
    work(&server, 100);
    client.line("INFO everything");
    assert!(client.try_ask(&[b"SHUTDOWN"]).is_err());
    assert_eq!(server.wait(), Some(0));
    let recording = read_recording(&directory).expect("a recording");
    let (whole, node) = replay_until(&recording, None).expect("the same again");
    assert!(whole.inputs > 8000, "{whole:?}");
    assert!(node.engine.keyspace().statistics.expired > 0);
    let (half, node) = replay_until(&recording, Some(whole.inputs / 2)).expect("the same again");
    assert_eq!(half.inputs, whole.inputs / 2);
    look_at(node);
    // One byte of a value that was sent is another: the replay says where.
    let place = recording.windows(8).position(|bytes| bytes == b"INCR\r\n$9").unwrap_or(recording.len() / 2);
    let mut damaged = recording.clone();
    damaged[place] = b'D';
    let fault = replay_until(&damaged, None).map(|(replayed, _)| replayed).expect_err("another reply");
    assert!(fault.starts_with("input "), "{fault}");
    assert!(fs::read_dir(&directory).expect("a directory").count() >= 1);
}

/// Files of a recording.
fn segments(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_live_server_is_recorded_from_any_moment() {
    let folder = Folder::new();
    let directory = folder.path().join("tape");
    let record = directory.to_string_lossy().into_owned();
    let options = [
        "--io-threads",
        "2",
        "--maxmemory",
        "8mb",
        "--maxmemory-policy",
        "allkeys-lfu",
        "--appendonly",
        "yes",
        "--repl-backlog-size",
        "64kb",
    ];
    let server = Server::ours(&folder, &options);
    let replicas = Folder::new();
    let _replica = Server::ours(&replicas, &["--replicaof", "127.0.0.1", &server.port.to_string()]);
    let mut client = server.client();
    let mut subscriber = server.client();
    subscriber.line("SUBSCRIBE news");
    for number in 0..4000 {
        client.line(&format!("SET other:{number} {number} EX {}", 100 + number));
    }
    let mut waiting = server.client();
    waiting.line("MULTI");
    waiting.line("SET queued 1");
    work(&server, 50);
    let done = Reply::Line("OK".into());
    assert_eq!(client.line("CONFIG SET record-max-size 2mb"), done);
    assert_eq!(client.line(&format!("CONFIG SET record {record}")), done);
    for round in 0..10 {
        work(&server, 150);
        client.line(&format!("PUBLISH news {round}"));
        if round == 3 {
            waiting.line("EXEC");
            client.line("BGSAVE");
        }
    }
    assert_eq!(client.ask(&[b"CONFIG", b"SET", b"record", b""]), done);
    work(&server, 20);
    // What was recorded is written meanwhile.
    std::thread::sleep(Duration::from_secs(1));
    let names = segments(&directory);
    let replayed = replay_until(&read_recording(&directory).expect("a recording"), None);
    let (whole, node) = replayed.expect("the same again");
    assert!(whole.inputs > 8000, "{whole:?}, {names:?}");
    assert!(names.len() > 1 && names[0] != "000000.rec", "{names:?}");
    assert!(node.engine.keyspace().statistics.expired > 0);
    // Another recording wants another directory.
    assert!(
        matches!(client.line(&format!("CONFIG SET record {record}")), Reply::Line(error) if error.starts_with('-'))
    );
}

/// The state that a replay came to is there to be read, and only that.
fn look_at(node: Node) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let keys = node.engine.keyspace().database(DatabaseId(0)).len();
    std::thread::spawn(move || serve(node, &listener));
    let port = port.to_string();
    let cli = |words: &[&str]| {
        let output = run(Path::new("redis-cli"), &[&["-p", &port], words].concat(), "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(cli(&["DBSIZE"]).trim(), keys.to_string());
    let length = cli(&["STRLEN", "log:1"]);
    assert!(length.trim().parse::<u32>().is_ok_and(|length| (1..300).contains(&length)), "{length}");
    assert_eq!(cli(&["SET", "log:1", "x"]).trim(), "READONLY A recording can't be changed.");
    assert_eq!(cli(&["CONFIG", "SET", "maxmemory", "1"]).trim(), "READONLY A recording can't be changed.");
    assert_eq!(cli(&["STRLEN", "log:1"]), length);
}

#[test]
fn a_recording_is_not_written_over() {
    let folder = Folder::new();
    fs::write(folder.path().join("000000.rec"), "another").expect("a file");
    let record = folder.path().to_string_lossy().into_owned();
    let ended = run(daemon(), &["--port", &free_port().to_string(), "--record", &record], "");
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(fs::read(folder.path().join("000000.rec")).expect("a file"), b"another");
}
