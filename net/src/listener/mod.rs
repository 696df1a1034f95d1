//! The addresses that the server listens on, and moving them while it runs.
//!
//! ```text
//! socket.rs   an address as the configuration writes it -> a socket that listens
//! mod.rs      which are open; CONFIG SET port and bind
//! accept.rs   connections: taken on the first thread, spread over all
//! ```
//!
//! A port is opened for us alone (no `SO_REUSEPORT`), so that a second server on it is noticed.

pub mod accept;
pub mod socket;

use crate::host::Host;
use crate::tokio_host::{Listener, TokioHost};
use accept::Acceptor;
use socket::{OpenError, SocketOptions, UnixAccess, open_unix};
use std::io::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::UnixListener;
use tokio::sync::mpsc::UnboundedSender;

/// What is listened on.
pub struct Listeners<H: Host> {
    options: SocketOptions,
    host: H,
    acceptor: UnboundedSender<H::Listener>,
    tcp: Vec<OpenTcp<H>>,
    unix: Option<(PathBuf, H::Listener)>,
}

struct OpenTcp<H: Host> {
    /// As the configuration writes it, and the port.
    place: Place,
    address: SocketAddr,
    socket: H::Listener,
}

type Place = (String, u16);

impl<H: Host> Listeners<H> {
    /// Nothing yet. What is opened goes to the acceptor that is returned.
    pub fn new(options: SocketOptions, host: H) -> (Listeners<H>, Acceptor<H>) {
        let (acceptor, incoming) = tokio::sync::mpsc::unbounded_channel();
        (Listeners { options, host, acceptor, tcp: Vec::new(), unix: None }, incoming)
    }

    /// Listens on all of `binds` at `port`, and on nothing else by TCP; port 0 is none at all. Sockets that are wanted again
    /// stay open. When an address cannot be had, what was open before is open again.
    ///
    /// # Errors
    /// When an address that is not optional cannot be had. Why was logged.
    pub fn listen_tcp(&mut self, binds: &[Vec<u8>], port: u16) -> Result<(), OpenError> {
        let binds = if port == 0 { &[] } else { binds };
        let wanted: Vec<Place> = binds.iter().map(|bind| (String::from_utf8_lossy(bind).into_owned(), port)).collect();
        match self.open_missing(&wanted) {
            Ok(opened) => {
                self.close_tcp_unless(|open| wanted.contains(&open.place));
                self.adopt(opened);
                Ok(())
            }
            Err(OpenError::AddressInUse) if self.tcp.iter().any(|open| !wanted.contains(&open.place)) => {
                self.replace_tcp(&wanted)
            }
            Err(error) => Err(error),
        }
    }

    /// The address may be in use by ourselves: `*` after `127.0.0.1`. So close first, and go back if that did not help.
    fn replace_tcp(&mut self, wanted: &[Place]) -> Result<(), OpenError> {
        let before: Vec<Place> = self.tcp.iter().map(|open| open.place.clone()).collect();
        self.close_tcp_unless(|open| wanted.contains(&open.place));
        let result = self.open_missing(wanted);
        match result {
            Ok(opened) => {
                self.adopt(opened);
                Ok(())
            }
            Err(error) => {
                match self.open_missing(&before) {
                    Ok(opened) => self.adopt(opened),
                    Err(_) => tracing::warn!("Could not listen again on the addresses that were in use before"),
                }
                Err(error)
            }
        }
    }

    fn open_missing(&self, wanted: &[Place]) -> Result<Vec<OpenTcp<H>>, OpenError> {
        let mut opened: Vec<OpenTcp<H>> = Vec::new();
        for place in wanted {
            if self.tcp.iter().chain(&opened).any(|open| open.place == *place) {
                continue;
            }
            if let Some((address, socket)) = self.host.listen(&place.0, place.1, &self.options)? {
                opened.push(OpenTcp { place: place.clone(), address, socket });
            }
        }
        Ok(opened)
    }

    fn adopt(&mut self, opened: Vec<OpenTcp<H>>) {
        for open in opened {
            // The thread that accepts lives as long as the process.
            drop(self.acceptor.send(open.socket.clone()));
            self.tcp.push(open);
        }
    }

    fn close_tcp_unless(&mut self, keep: impl Fn(&OpenTcp<H>) -> bool) {
        self.tcp.retain(|open| {
            let keep = keep(open);
            if !keep {
                self.host.stop_listening(&open.socket);
            }
            keep
        });
    }

    /// Whether any TCP socket is open.
    pub fn has_tcp(&self) -> bool {
        !self.tcp.is_empty()
    }

    /// The path of the Unix socket that is open.
    pub fn unix_path(&self) -> Option<&PathBuf> {
        self.unix.as_ref().map(|(path, _)| path)
    }

    /// The addresses that are listened on by TCP.
    pub fn tcp_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.tcp.iter().map(|open| open.address)
    }

    /// Closes everything, and removes the Unix socket's file.
    pub fn close(&mut self) {
        self.close_tcp_unless(|_| false);
        if let Some((path, _)) = self.unix.take() {
            drop(std::fs::remove_file(path));
        }
    }
}

impl Listeners<TokioHost> {
    /// Listens on a Unix socket too, instead of what the path named before.
    ///
    /// # Errors
    /// When the socket cannot be made, or not given its permissions or group.
    pub fn listen_unix(&mut self, path: PathBuf, access: &UnixAccess) -> Result<(), Error> {
        let _runtime = self.host.enter();
        let socket = UnixListener::from_std(open_unix(&path, access, &self.options)?)?;
        let socket = Listener::Unix(Arc::new(socket), path.clone());
        drop(self.acceptor.send(socket.clone()));
        self.unix = Some((path, socket));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    struct World {
        runtime: tokio::runtime::Runtime,
        listeners: Listeners<TokioHost>,
        acceptor: Acceptor<TokioHost>,
    }

    fn world() -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SocketOptions { backlog: 16, mark: 0 };
        let (listeners, acceptor) = Listeners::new(options, TokioHost::new(runtime.handle().clone()));
        World { runtime, listeners, acceptor }
    }

    fn free_port() -> u16 {
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    fn binds(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    fn answers(address: &str, port: u16) -> bool {
        TcpStream::connect((address, port)).is_ok()
    }

    #[test]
    fn a_port_moves_and_what_is_kept_stays_open() {
        let mut world = world();
        let (first, second) = (free_port(), free_port());
        world.listeners.listen_tcp(&binds(&["127.0.0.1", "127.0.0.2"]), first).unwrap();
        assert!(answers("127.0.0.1", first) && answers("127.0.0.2", first));
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), first).unwrap();
        assert!(answers("127.0.0.1", first) && !answers("127.0.0.2", first));
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), second).unwrap();
        assert!(!answers("127.0.0.1", first) && answers("127.0.0.1", second));
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), 0).unwrap();
        assert!(!answers("127.0.0.1", second) && !world.listeners.has_tcp());
        drop(world.runtime);
        assert!(world.acceptor.try_recv().is_ok());
    }

    #[test]
    fn what_cannot_be_had_changes_nothing() {
        let mut world = world();
        let port = free_port();
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), port).unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.2:0").unwrap();
        let taken_port = taken.local_addr().unwrap().port();
        assert!(world.listeners.listen_tcp(&binds(&["127.0.0.1", "127.0.0.2"]), taken_port).is_err());
        assert!(world.listeners.listen_tcp(&binds(&["127.0.0.1", "192.0.2.1"]), port).is_err());
        assert!(answers("127.0.0.1", port) && !answers("127.0.0.1", taken_port));
    }

    #[test]
    fn an_address_may_take_the_place_of_one_that_it_includes() {
        let mut world = world();
        let port = free_port();
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), port).unwrap();
        world.listeners.listen_tcp(&binds(&["*"]), port).unwrap();
        assert!(answers("127.0.0.1", port) && answers("127.0.0.2", port));
        world.listeners.listen_tcp(&binds(&["127.0.0.1"]), port).unwrap();
        assert!(answers("127.0.0.1", port) && !answers("127.0.0.2", port));
    }
}
