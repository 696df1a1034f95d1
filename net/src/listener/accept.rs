//! Accepting connections on one thread, and spreading them over all.

use crate::connection::serve;
use crate::host::Host;
use crate::shared::Shared;
use engine::boundary::input::Connection;
use socket2::{SockRef, TcpKeepalive};
use std::cell::Cell;
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// A socket that the accepting thread is to serve.
pub enum NewListener {
    /// Of TCP.
    Tcp(Arc<TcpListener>),
    /// Of a Unix socket, and its path.
    Unix(Arc<UnixListener>, PathBuf),
}

/// Where new listening sockets arrive.
pub type Acceptor = UnboundedReceiver<NewListener>;

/// A connection on its way to another thread.
#[derive(Debug)]
pub enum Accepted {
    /// By TCP, with the peer's address.
    Tcp(std::net::TcpStream, SocketAddr),
    /// By the Unix socket of this path.
    Unix(std::os::unix::net::UnixStream, PathBuf),
}

/// What new connections are given, as configured at the time.
#[derive(Default, Debug)]
pub struct ConnectionOptions {
    /// `tcp-keepalive`, seconds; 0 for none.
    pub keepalive_seconds: AtomicU32,
}

/// The accepting thread's side: takes connections and spreads them.
pub struct Accepting<H: Host> {
    shared: Arc<Shared<H>>,
    options: Arc<ConnectionOptions>,
    /// The other threads.
    others: Vec<UnboundedSender<Accepted>>,
    /// Whose turn it is; 0 is this thread.
    turn: Cell<usize>,
}

impl<H: Host> Accepting<H> {
    /// Spreads over this thread and `others`.
    pub fn new(
        shared: Arc<Shared<H>>,
        options: Arc<ConnectionOptions>,
        others: Vec<UnboundedSender<Accepted>>,
    ) -> Accepting<H> {
        Accepting { shared, options, others, turn: Cell::new(0) }
    }

    /// Serves every listening socket that arrives, for ever.
    pub async fn run(self, mut acceptor: Acceptor) {
        let accepting = Rc::new(self);
        let host = accepting.shared.host.clone();
        while let Some(listener) = acceptor.recv().await {
            let accepting = Rc::clone(&accepting);
            match listener {
                NewListener::Tcp(socket) => host.spawn(async move { accepting.accept_tcp(&socket).await }),
                NewListener::Unix(socket, path) => {
                    host.spawn(async move { accepting.accept_unix(&socket, &path).await });
                }
            }
        }
    }

    async fn accept_tcp(&self, listener: &TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => self.place_tcp(stream, peer),
                Err(error) if is_closed(&error) => return,
                Err(error) => wait_out(&error).await,
            }
        }
    }

    async fn accept_unix(&self, listener: &UnixListener, path: &Path) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.place_unix(stream, path),
                Err(error) if is_closed(&error) => return,
                Err(error) => wait_out(&error).await,
            }
        }
    }

    /// The thread whose turn it is; `None` for this one.
    fn next(&self) -> Option<&UnboundedSender<Accepted>> {
        if self.others.is_empty() {
            return None;
        }
        let turn = self.turn.get();
        self.turn.set((turn + 1) % (self.others.len() + 1));
        self.others.get(turn.checked_sub(1)?)
    }

    fn place_tcp(&self, stream: TcpStream, peer: SocketAddr) {
        tracing::debug!("Accepted {peer}");
        drop(stream.set_nodelay(true));
        let seconds = self.options.keepalive_seconds.load(Ordering::Relaxed);
        if seconds > 0 {
            drop(SockRef::from(&stream).set_tcp_keepalive(&keepalive(seconds)));
        }
        match self.next() {
            None => serve_tcp(stream, peer, &self.shared),
            Some(thread) => {
                if let Ok(stream) = stream.into_std() {
                    drop(thread.send(Accepted::Tcp(stream, peer)));
                }
            }
        }
    }

    fn place_unix(&self, stream: UnixStream, path: &Path) {
        tracing::debug!("Accepted connection to {}", path.display());
        match self.next() {
            None => serve_unix(stream, path, &self.shared),
            Some(thread) => {
                if let Ok(stream) = stream.into_std() {
                    drop(thread.send(Accepted::Unix(stream, path.to_owned())));
                }
            }
        }
    }
}

/// Serves on this thread what the accepting thread sends, for ever.
pub async fn receive<H: Host>(mut arrivals: UnboundedReceiver<Accepted>, shared: Arc<Shared<H>>) {
    while let Some(accepted) = arrivals.recv().await {
        match accepted {
            Accepted::Tcp(stream, peer) => {
                if let Ok(stream) = TcpStream::from_std(stream) {
                    serve_tcp(stream, peer, &shared);
                }
            }
            Accepted::Unix(stream, path) => {
                if let Ok(stream) = UnixStream::from_std(stream) {
                    serve_unix(stream, &path, &shared);
                }
            }
        }
    }
}

fn serve_tcp<H: Host>(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared<H>>) {
    let local = stream.local_addr().map_or_else(|_| String::new(), |local| local.to_string());
    let ends = Connection {
        peer: peer.to_string(),
        local,
        unix_socket: false,
        loopback: peer.ip().to_canonical().is_loopback(),
        descriptor: i64::from(stream.as_raw_fd()),
    };
    shared.host.clone().spawn(serve(stream, ends, Arc::clone(shared)));
}

fn serve_unix<H: Host>(stream: UnixStream, path: &Path, shared: &Arc<Shared<H>>) {
    let name = format!("{}:0", path.display());
    let ends = Connection {
        peer: name.clone(),
        local: name,
        unix_socket: true,
        loopback: false,
        descriptor: i64::from(stream.as_raw_fd()),
    };
    shared.host.clone().spawn(serve(stream, ends, Arc::clone(shared)));
}

/// A peer that is gone is noticed within about twice `seconds`.
fn keepalive(seconds: u32) -> TcpKeepalive {
    let time = Duration::from_secs(seconds.into());
    TcpKeepalive::new().with_time(time).with_interval((time / 3).max(Duration::from_secs(1))).with_retries(3)
}

/// Whether the socket listens no more: it was shut down because the address is no longer configured.
fn is_closed(error: &Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EINVAL as i32)
}

/// Out of descriptors, most likely, and some will be closed; unless only the peer went away again.
async fn wait_out(error: &Error) {
    if error.kind() == ErrorKind::ConnectionAborted {
        return;
    }
    let text = super::socket::system_text(error);
    tracing::warn!("Error accepting a client connection: {text}");
    tokio::time::sleep(Duration::from_millis(100)).await;
}
