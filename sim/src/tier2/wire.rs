//! What should go over each connection, known at both ends: requests as a client
//! wrote them, and replies as the engine gave them to the driver. What comes out
//! at the other end must be that, in that order, each byte once.

use super::life::lock;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

/// All connections of clients, by node and the client's address.
#[derive(Clone)]
pub struct Wires {
    all: Arc<Mutex<BTreeMap<(String, String), Wire>>>,
    /// The address of the host on which clients are.
    clients: IpAddr,
}

/// A connection.
#[derive(Default)]
struct Wire {
    /// Requests that were sent and not yet executed.
    asked: VecDeque<Vec<Vec<u8>>>,
    /// True if the client sends what is no request.
    unchecked: bool,
    /// Bytes that the engine sent and the client has not received.
    sent: VecDeque<u8>,
}

impl Wires {
    /// None yet; clients are on the host with this address.
    pub fn new(clients: IpAddr) -> Wires {
        Wires { all: Arc::default(), clients }
    }

    /// True if a client is at an address, and not another node.
    pub fn is_client(&self, address: &str) -> bool {
        address.parse::<SocketAddr>().is_ok_and(|address| address.ip() == self.clients)
    }

    fn with<T>(&self, node: &str, client: &str, look: impl FnOnce(&mut Wire) -> T) -> T {
        look(lock(&self.all).entry((node.to_owned(), client.to_owned())).or_default())
    }

    /// A client sends a request.
    pub fn asks(&self, node: &str, client: &str, request: &[Vec<u8>]) {
        self.with(node, client, |wire| wire.asked.push_back(request.to_vec()));
    }

    /// A client sends something else.
    pub fn sends_garbage(&self, node: &str, client: &str) {
        self.with(node, client, |wire| wire.unchecked = true);
    }

    /// The engine has executed a request.
    ///
    /// # Errors
    /// If it was not the next one.
    pub fn executed(&self, node: &str, client: &str, request: &[Vec<u8>]) -> Result<(), String> {
        self.with(node, client, |wire| match wire.asked.pop_front() {
            _ if wire.unchecked => Ok(()),
            Some(asked) if asked == request => Ok(()),
            asked => Err(format!("{client} asked {asked:?}, and {request:?} was executed")),
        })
    }

    /// The engine has sent bytes.
    pub fn sent(&self, node: &str, client: &str, bytes: &[u8]) {
        self.with(node, client, |wire| wire.sent.extend(bytes));
    }

    /// A client has received bytes.
    ///
    /// # Errors
    /// If they are not what was sent.
    pub fn received(&self, node: &str, client: &str, bytes: &[u8]) -> Result<(), String> {
        self.with(node, client, |wire| {
            if wire.sent.len() < bytes.len() || !wire.sent.drain(..bytes.len()).eq(bytes.iter().copied()) {
                return Err(format!("{client} received {}, which was not sent", bytes.escape_ascii()));
            }
            Ok(())
        })
    }

    /// The client has closed the connection.
    pub fn closed(&self, node: &str, client: &str) {
        // The engine may still execute what is under way.
        self.with(node, client, |wire| wire.sent.clear());
    }
}
