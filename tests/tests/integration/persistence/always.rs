//! Connections that end while what they were told waits for the disk.

use crate::client::Reply;
use crate::process::{Folder, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is no request is not used up: a driver that was told to go on would go
/// round in circles, and nobody would be served any more.
#[test]
fn a_protocol_error_behind_a_write_ends_one_connection_only() {
    let folder = Folder::new();
    let server = Server::ours(&folder, &["--appendonly", "yes", "--appendfsync", "always"]);
    let mut other = server.client();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.write_all(b"SET a 1\r\nGET \"unbalanced\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the end of the connection");
        assert_eq!(answer, "+OK\r\n-ERR Protocol error: unbalanced quotes in request\r\n");
        assert_eq!(other.line("GET a"), Reply::Bulk(Some(b"1".to_vec())));
    }
}
