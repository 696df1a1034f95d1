//! MIGRATE between processes: ours to ours, real servers to ours, ours to real
//! servers.

use crate::client::{Client, Reply};
use crate::process::{Folder, Server};

/// Elements of the collections, and bytes of the long string.
const SIZE: usize = 20_000;

fn fill(client: &mut Client) {
    client.ask(&[b"SET", b"long", &b"0123456789abcdef".repeat(SIZE)]);
    client.line("SET number 77");
    client.line("SET volatile x PX 100000");
    client.line("HSET small a 1 b 2");
    client.line("XADD stream 1-1 a b");
    client.line("XGROUP CREATE stream group 0");
    for chunk in (0..SIZE).collect::<Vec<_>>().chunks(1000) {
        let names: Vec<String> = chunk.iter().map(|number| format!("element:{number}")).collect();
        for (command, key) in [("RPUSH", "list"), ("SADD", "set")] {
            let words = [command, key].into_iter().chain(names.iter().map(String::as_str));
            client.ask(&words.map(str::as_bytes).collect::<Vec<_>>());
        }
        let scored = names.iter().flat_map(|name| ["1", name]);
        let words = ["ZADD", "zset"].into_iter().chain(scored);
        client.ask(&words.map(str::as_bytes).collect::<Vec<_>>());
    }
}

const KEYS: [&str; 8] = ["long", "number", "volatile", "small", "stream", "list", "set", "zset"];

fn digests(client: &mut Client) -> Vec<Reply> {
    let words = ["DEBUG", "DIGEST-VALUE"].into_iter().chain(KEYS);
    let Reply::Array(digests) = client.ask(&words.map(str::as_bytes).collect::<Vec<_>>()) else {
        panic!("digests are an array")
    };
    digests
}

fn moves(from: &Server, to: &Server) {
    let (mut here, mut there) = (from.client(), to.client());
    fill(&mut here);
    let expected = digests(&mut here);
    let port = to.port;
    // One copied, one moved alone, all others together.
    assert_eq!(here.line(&format!("MIGRATE 127.0.0.1 {port} zset 0 5000 COPY")), Reply::Line("OK".into()));
    assert_eq!(here.line(&format!("MIGRATE 127.0.0.1 {port} zset 0 5000 REPLACE")), Reply::Line("OK".into()));
    let all = format!("MIGRATE 127.0.0.1 {port}  0 5000 KEYS {} none", KEYS.join(" "));
    assert_eq!(here.line(&all), Reply::Line("OK".into()));
    assert_eq!(here.line("DBSIZE"), Reply::Integer(0));
    assert_eq!(digests(&mut there), expected);
    let Reply::Integer(left) = there.line("PTTL volatile") else { panic!("a time") };
    assert!((50_000..=100_000).contains(&left), "{left}");
    assert_eq!(here.line(&all), Reply::Line("NOKEY".into()));
    assert_eq!(there.line("FLUSHALL"), Reply::Line("OK".into()));
}

/// Ours, which the tests may debug.
fn ours(folder: &Folder) -> Server {
    Server::ours(folder, &["--save", "", "--enable-debug-command", "yes"])
}

#[test]
fn keys_move_between_ours_and_real_servers() {
    let folders: Vec<Folder> = (0..4).map(|_| Folder::new()).collect();
    let (one, other) = (ours(&folders[0]), ours(&folders[1]));
    moves(&one, &other);
    if let Some(valkey) = Server::real("valkey-server", &folders[2], &[]) {
        moves(&valkey, &one);
        moves(&one, &valkey);
    }
    // It reads nothing of version 11.
    if let Some(redis) = Server::real("redis-server", &folders[3], &[]) {
        moves(&redis, &one);
        let mut client = one.client();
        client.line("SET k v");
        let Reply::Line(error) = client.line(&format!("MIGRATE 127.0.0.1 {} k 0 5000", redis.port)) else {
            panic!("an error")
        };
        assert_eq!(error, "-ERR Target instance replied with error: ERR DUMP payload version or checksum are wrong");
        assert_eq!(client.line("GET k"), Reply::Bulk(Some(b"v".to_vec())));
        assert_eq!(client.line("CONFIG SET rdb-version 10"), Reply::Line("OK".into()));
        client.line("DEL k");
        moves(&one, &redis);
    }
}
