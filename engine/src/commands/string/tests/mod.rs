//! Tables of requests and replies.

mod number;
mod range;
mod set;
mod stored;

use crate::testing::TestServer;

const NOT_INTEGER: &str = "-ERR value is not an integer or out of range";
const NOT_FLOAT: &str = "-ERR value is not a valid float";
const SYNTAX: &str = "-ERR syntax error";
const TOO_LONG: &str = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const FAR: &str = "9223372036854775807";

fn server(requests: &[&str]) -> TestServer {
    let mut server = TestServer::new();
    for request in requests {
        server.send(request);
    }
    server.changes();
    server
}

/// Requests, and the changes that follow from each.
#[track_caller]
fn check_changes(server: &mut TestServer, table: &[(&str, &[&str])]) {
    for (request, changes) in table {
        server.changes();
        server.send(request);
        assert_eq!(server.changes(), *changes, "{request}");
    }
}

/// Requests, and the encoding that they leave at key `k`.
#[track_caller]
fn check_encodings(requests: &[(&str, &str)]) {
    for (requests, encoding) in requests {
        let mut server = TestServer::new();
        for request in requests.split(" ; ") {
            let reply = server.send(request);
            assert!(!reply.starts_with('-'), "{request}: {reply}");
        }
        assert_eq!(server.encoding("k"), *encoding, "{requests}");
    }
}
