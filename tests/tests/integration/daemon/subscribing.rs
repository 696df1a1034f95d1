//! A stock redis-cli in a subscription.

use crate::client::Reply;
use crate::process::{Folder, Server};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Lines that redis-cli prints of what it hears.
fn hear(options: &[&str], subscribe: &[&str], publish: &[&str], expected: &[&str]) {
    let program = Path::new("/usr/bin/redis-cli");
    if !program.exists() {
        assert!(std::env::var_os("CI").is_none(), "redis-cli is not installed");
        eprintln!("\n*** NOT TESTED: redis-cli is not installed ***\n");
        return;
    }
    let folder = Folder::new();
    let server = Server::ours(&folder, &["--save", "", "--notify-keyspace-events", "KEA"]);
    let mut command = Command::new(program);
    command.args(["-p", &server.port.to_string()]).args(options).args(subscribe);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
    let begun: Vec<String> = lines.by_ref().take(3).collect();
    assert_eq!(begun[1..], [subscribe[1], "1"]);
    let mut client = server.client();
    for request in publish {
        assert!(!matches!(client.line(request), Reply::Line(line) if line.starts_with('-')), "{request}");
    }
    let heard: Vec<String> = lines.take(expected.len()).collect();
    drop(child.kill());
    drop(child.wait());
    assert_eq!(heard, expected);
}

#[test]
fn messages_arrive() {
    let expected = ["message", "news", "hello", "message", "news", "again"];
    for options in [&[][..], &["-3"]] {
        hear(options, &["SUBSCRIBE", "news"], &["PUBLISH news hello", "PUBLISH news again"], &expected);
    }
}

#[test]
fn events_arrive() {
    let expected =
        ["pmessage", "__key*__:*", "__keyspace@2__:a", "set", "pmessage", "__key*__:*", "__keyevent@2__:set", "a"];
    hear(&[], &["PSUBSCRIBE", "__key*__:*"], &["SELECT 2", "SET a 1"], &expected);
}
