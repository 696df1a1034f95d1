//! Accepting connections on one thread, and spreading them over all.

use crate::connection::serve;
use crate::host::Host;
use crate::shared::Shared;
use crate::tokio_host::{Accepted, TokioHost};
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
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How long accepting rests after an error.
const WAIT_OUT_MS: u64 = 100;

/// Where new listening sockets arrive.
pub type Acceptor<H> = UnboundedReceiver<<H as Host>::Listener>;

/// A connection on its way to another thread.
#[derive(Debug)]
pub enum Passed {
    /// By TCP, with the peer's address.
    Tcp(std::net::TcpStream, SocketAddr),
    /// By the Unix socket of this path.
    Unix(std::os::unix::net::UnixStream, PathBuf),
}

/// Accepts on every listening socket that arrives, for ever.
pub async fn accept_all<H: Host>(host: H, mut acceptor: Acceptor<H>, place: impl Fn(H::Accepted) + Clone + 'static) {
    while let Some(listener) = acceptor.recv().await {
        let place = place.clone();
        let accepting = host.clone();
        host.spawn(async move { accept(&accepting, &listener, place).await });
    }
}

/// Accepts until the socket listens no more.
async fn accept<H: Host>(host: &H, listener: &H::Listener, place: impl Fn(H::Accepted)) {
    while let Some(accepted) = host.accept(listener).await {
        match accepted {
            Ok(accepted) => place(accepted),
            Err(error) => wait_out(host, &error).await,
        }
    }
}

/// What new connections are given, as configured at the time.
#[derive(Default, Debug)]
pub struct ConnectionOptions {
    /// `tcp-keepalive`, seconds; 0 for none.
    pub keepalive_seconds: AtomicU32,
}

/// The accepting thread's side: spreads connections over the threads.
pub struct Accepting {
    shared: Arc<Shared<TokioHost>>,
    options: Arc<ConnectionOptions>,
    /// The other threads.
    others: Vec<UnboundedSender<Passed>>,
    /// Whose turn it is; 0 is this thread.
    turn: Cell<usize>,
}

impl Accepting {
    /// Spreads over this thread and `others`.
    pub fn new(
        shared: Arc<Shared<TokioHost>>,
        options: Arc<ConnectionOptions>,
        others: Vec<UnboundedSender<Passed>>,
    ) -> Accepting {
        Accepting { shared, options, others, turn: Cell::new(0) }
    }

    /// Serves every listening socket that arrives, for ever.
    pub async fn run(self, acceptor: Acceptor<TokioHost>) {
        let host = self.shared.host.clone();
        let accepting = Rc::new(self);
        accept_all(host, acceptor, move |accepted| match accepted {
            Accepted::Tcp(stream, peer) => accepting.place_tcp(stream, peer),
            Accepted::Unix(stream, path) => accepting.place_unix(stream, &path),
        })
        .await;
    }

    /// The thread whose turn it is; `None` for this one.
    fn next(&self) -> Option<&UnboundedSender<Passed>> {
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
                    drop(thread.send(Passed::Tcp(stream, peer)));
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
                    drop(thread.send(Passed::Unix(stream, path.to_owned())));
                }
            }
        }
    }
}

/// Serves on this thread what the accepting thread sends, for ever.
pub async fn receive(mut arrivals: UnboundedReceiver<Passed>, shared: Arc<Shared<TokioHost>>) {
    while let Some(passed) = arrivals.recv().await {
        match passed {
            Passed::Tcp(stream, peer) => {
                if let Ok(stream) = TcpStream::from_std(stream) {
                    serve_tcp(stream, peer, &shared);
                }
            }
            Passed::Unix(stream, path) => {
                if let Ok(stream) = UnixStream::from_std(stream) {
                    serve_unix(stream, &path, &shared);
                }
            }
        }
    }
}

fn serve_tcp(stream: TcpStream, peer: SocketAddr, shared: &Arc<Shared<TokioHost>>) {
    let local = stream.local_addr().map_or_else(|_| String::new(), |local| local.to_string());
    let ends = Connection {
        peer: peer.to_string(),
        local,
        unix_socket: false,
        loopback: peer.ip().to_canonical().is_loopback(),
        descriptor: i64::from(stream.as_raw_fd()),
    };
    shared.host.spawn(serve(stream, ends, Arc::clone(shared)));
}

fn serve_unix(stream: UnixStream, path: &Path, shared: &Arc<Shared<TokioHost>>) {
    let name = format!("{}:0", path.display());
    let ends = Connection {
        peer: name.clone(),
        local: name,
        unix_socket: true,
        loopback: false,
        descriptor: i64::from(stream.as_raw_fd()),
    };
    shared.host.spawn(serve(stream, ends, Arc::clone(shared)));
}

/// A peer that is gone is noticed within about twice `seconds`.
fn keepalive(seconds: u32) -> TcpKeepalive {
    let time = Duration::from_secs(seconds.into());
    TcpKeepalive::new().with_time(time).with_interval((time / 3).max(Duration::from_secs(1))).with_retries(3)
}

/// Out of descriptors, most likely, and some will be closed; unless only the peer went away again.
async fn wait_out<H: Host>(host: &H, error: &Error) {
    if error.kind() == ErrorKind::ConnectionAborted {
        return;
    }
    let text = super::socket::system_text(error);
    tracing::warn!("Error accepting a client connection: {text}");
    host.sleep_until(host.now().monotonic.plus_ms(WAIT_OUT_MS)).await;
}
