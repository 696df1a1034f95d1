//! The daemon ends and starts again.

use crate::client::Reply;
use crate::process::{Folder, Server};

#[test]
fn data_outlives_the_process() {
    let folder = Folder::new();
    for round in 0..3 {
        let mut server = Server::ours(&folder, &[]);
        let mut client = server.client();
        let before = if round == 0 { Reply::Bulk(None) } else { Reply::Bulk(Some(round.to_string().into_bytes())) };
        assert_eq!(client.line("GET round"), before);
        assert_eq!(client.line("INCR round"), Reply::Integer(round + 1));
        assert!(client.try_ask(&[b"SHUTDOWN", b"SAVE"]).is_err());
        assert_eq!(server.wait(), Some(0));
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a directory").collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_save_that_fails_prevents_the_end() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path().join("dump.rdb")).expect("a directory");
    // A directory cannot be loaded either: give it another name at first.
    let mut server = Server::ours(&folder, &["--dbfilename", "other.rdb"]);
    let mut client = server.client();
    std::fs::create_dir(folder.path().join("other.rdb")).expect("a directory");
    let refusal = Reply::Line("-ERR Errors trying to SHUTDOWN. Check logs.".into());
    assert_eq!(client.line("SHUTDOWN SAVE"), refusal);
    assert_eq!(client.line("SAVE"), Reply::Line("-ERR".into()));
    assert_eq!(client.line("PING"), Reply::Line("PONG".into()));
    assert!(client.try_ask(&[b"SHUTDOWN", b"SAVE", b"FORCE"]).is_err());
    assert_eq!(server.wait(), Some(0));
}
