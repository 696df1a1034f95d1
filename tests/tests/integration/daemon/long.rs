//! Arguments that come in several reads.

use crate::client::Reply;
use crate::process::{Folder, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sizes about those of what the daemon reads at a time.
const SIZES: [usize; 10] = [60_000, 65_530, 65_536, 131_073, 262_139, 262_144, 262_180, 327_680, 1_048_577, 3_000_001];

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// Sends in pieces of so many bytes, and reads until what comes is as long as is expected.
fn exchange(port: u16, request: &[u8], piece: usize, expected: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("an option");
    for part in request.chunks(piece) {
        stream.write_all(part).expect("a write");
    }
    let mut reply = vec![0; expected.len()];
    stream.read_exact(&mut reply).expect("a reply");
    assert!(reply == expected, "another reply to {} bytes in pieces of {piece}", request.len());
}

#[test]
fn long_arguments_arrive_whole() {
    let folder = Folder::new();
    let server = Server::ours(&folder, &["--save", ""]);
    for size in SIZES {
        let value: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
        // What comes behind a long argument, in the same read or not, is not lost.
        let set = [b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n".to_vec(), bulk(&value)].concat();
        let append = [b"*3\r\n$6\r\nAPPEND\r\n$1\r\nk\r\n".to_vec(), bulk(&value)].concat();
        let request = [set, b"PING\r\n".to_vec(), append, b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n".to_vec()].concat();
        let length = format!(":{}\r\n", 2 * size).into_bytes();
        let expected =
            [b"+OK\r\n+PONG\r\n".to_vec(), length, bulk(&[value.as_slice(), value.as_slice()].concat())].concat();
        for piece in [request.len(), 65_536, 100_003, size + 30] {
            exchange(server.port, &request, piece, &expected);
        }
    }
}

/// Who goes away amid a long argument leaves nothing behind.
#[test]
fn a_long_argument_that_ends_early_is_forgotten() {
    let folder = Folder::new();
    let server = Server::ours(&folder, &["--save", ""]);
    for size in SIZES {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
        let announced = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", 2 * size);
        stream.write_all(&[announced.as_bytes(), &vec![b'x'; size]].concat()).expect("a write");
    }
    let mut client = server.client();
    assert_eq!(client.line("EXISTS k"), Reply::Integer(0));
    let started = Instant::now();
    while !matches!(client.line("CLIENT LIST"), Reply::Bulk(Some(list)) if list.split(|&byte| byte == b'\n').count() == 2)
    {
        assert!(started.elapsed() < Duration::from_secs(30), "connections stay");
        std::thread::sleep(Duration::from_millis(10));
    }
}
