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

use accept::{Acceptor, NewListener};
use socket::{OpenError, SocketOptions, UnixAccess, open_tcp, open_unix};
use socket2::SockRef;
use std::io::Error;
use std::net::{Shutdown, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

/// What is listened on.
pub struct Listeners {
    options: SocketOptions,
    /// The runtime of the thread that accepts.
    runtime: Handle,
    acceptor: UnboundedSender<NewListener>,
    tcp: Vec<OpenTcp>,
    unix: Option<(PathBuf, Arc<UnixListener>)>,
}

struct OpenTcp {
    /// As the configuration writes it, and the port.
    place: Place,
    address: SocketAddr,
    socket: Arc<TcpListener>,
}

type Place = (String, u16);

impl Listeners {
    /// Nothing yet. What is opened is accepted on `runtime`, by the acceptor that is returned.
    pub fn new(options: SocketOptions, runtime: Handle) -> (Listeners, Acceptor) {
        let (acceptor, incoming) = tokio::sync::mpsc::unbounded_channel();
        (Listeners { options, runtime, acceptor, tcp: Vec::new(), unix: None }, incoming)
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

    fn open_missing(&self, wanted: &[Place]) -> Result<Vec<OpenTcp>, OpenError> {
        let _runtime = self.runtime.enter();
        let mut opened: Vec<OpenTcp> = Vec::new();
        for place in wanted {
            if self.tcp.iter().chain(&opened).any(|open| open.place == *place) {
                continue;
            }
            if let Some((address, socket)) = open_tcp(&place.0, place.1, &self.options)? {
                let socket = Arc::new(TcpListener::from_std(socket).map_err(OpenError::Other)?);
                opened.push(OpenTcp { place: place.clone(), address, socket });
            }
        }
        Ok(opened)
    }

    fn adopt(&mut self, opened: Vec<OpenTcp>) {
        for open in opened {
            // The thread that accepts lives as long as the process.
            drop(self.acceptor.send(NewListener::Tcp(Arc::clone(&open.socket))));
            self.tcp.push(open);
        }
    }

    fn close_tcp_unless(&mut self, keep: impl Fn(&OpenTcp) -> bool) {
        self.tcp.retain(|open| {
            let keep = keep(open);
            if !keep {
                // Ends the listening at once; the descriptor goes when the accepting task has noticed.
                drop(SockRef::from(&*open.socket).shutdown(Shutdown::Both));
            }
            keep
        });
    }

    /// Listens on a Unix socket too, instead of what the path named before.
    ///
    /// # Errors
    /// When the socket cannot be made, or not given its permissions or group.
    pub fn listen_unix(&mut self, path: PathBuf, access: &UnixAccess) -> Result<(), Error> {
        let _runtime = self.runtime.enter();
        let socket = Arc::new(UnixListener::from_std(open_unix(&path, access, &self.options)?)?);
        drop(self.acceptor.send(NewListener::Unix(Arc::clone(&socket), path.clone())));
        self.unix = Some((path, socket));
        Ok(())
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
            tracing::info!("Removing the unix socket file.");
            drop(std::fs::remove_file(path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    struct World {
        runtime: tokio::runtime::Runtime,
        listeners: Listeners,
        acceptor: Acceptor,
    }

    fn world() -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SocketOptions { backlog: 16, mark: 0 };
        let (listeners, acceptor) = Listeners::new(options, runtime.handle().clone());
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
