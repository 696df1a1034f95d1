//! The real world, by tokio.

use crate::host::Host;
use crate::listener::socket::{OpenError, SocketOptions, open_tcp};
use engine::boundary::input::Connection;
use engine::boundary::time::{Monotonic, Now, Unix};
use socket2::SockRef;
use std::future::Future;
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream, lookup_host};
use tokio::runtime::Handle;

/// Clocks, tasks and sockets of the machine.
#[derive(Clone, Debug)]
pub struct TokioHost {
    start: Instant,
    /// The runtime of the thread that accepts.
    runtime: Handle,
}

impl TokioHost {
    /// A host whose monotonic clock begins now; sockets that listen belong to
    /// `runtime`.
    pub fn new(runtime: Handle) -> TokioHost {
        TokioHost { start: Instant::now(), runtime }
    }

    /// Lets sockets be made that belong to the runtime of the thread that
    /// accepts, whatever thread calls.
    pub(crate) fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.runtime.enter()
    }
}

/// A socket that listens.
#[derive(Clone, Debug)]
pub enum Listener {
    /// Of TCP.
    Tcp(Arc<TcpListener>),
    /// Of a Unix socket, and its path.
    Unix(Arc<UnixListener>, PathBuf),
}

/// A connection that was accepted.
#[derive(Debug)]
pub enum Accepted {
    /// By TCP, with the peer's address.
    Tcp(TcpStream, SocketAddr),
    /// By the Unix socket of this path.
    Unix(UnixStream, PathBuf),
}

impl Host for TokioHost {
    type Listener = Listener;
    type Accepted = Accepted;
    type Stream = TcpStream;

    #[inline]
    fn now(&self) -> Now {
        let monotonic = Monotonic(self.start.elapsed().as_micros() as u64);
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        Now { monotonic, unix: Unix(unix) }
    }

    async fn sleep_until(&self, deadline: Monotonic) {
        let at = self.start + Duration::from_micros(deadline.0);
        tokio::time::sleep_until(at.into()).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(task);
    }

    fn seed(&self) -> Option<u64> {
        getrandom::u64().ok()
    }

    fn listen(
        &self,
        bind: &str,
        port: u16,
        options: &SocketOptions,
    ) -> Result<Option<(SocketAddr, Listener)>, OpenError> {
        let Some((address, socket)) = open_tcp(bind, port, options)? else { return Ok(None) };
        let _runtime = self.enter();
        let socket = TcpListener::from_std(socket).map_err(OpenError::Other)?;
        Ok(Some((address, Listener::Tcp(Arc::new(socket)))))
    }

    fn stop_listening(&self, listener: &Listener) {
        // The descriptor goes when the accepting task has noticed.
        if let Listener::Tcp(socket) = listener {
            drop(SockRef::from(&**socket).shutdown(Shutdown::Both));
        }
    }

    async fn accept(&self, listener: &Listener) -> Option<Result<Accepted, Error>> {
        let accepted = match listener {
            Listener::Tcp(socket) => socket.accept().await.map(|(stream, peer)| Accepted::Tcp(stream, peer)),
            Listener::Unix(socket, path) => {
                socket.accept().await.map(|(stream, _)| Accepted::Unix(stream, path.clone()))
            }
        };
        match accepted {
            Err(error) if is_closed(&error) => None,
            accepted => Some(accepted),
        }
    }

    async fn connect(&self, host: &str, port: u16, source: &str) -> Result<(TcpStream, Connection), Error> {
        let mut last = Error::from(ErrorKind::NotFound);
        for address in lookup_host((host, port)).await? {
            match connect_to(address, source).await {
                Ok(stream) => {
                    drop(stream.set_nodelay(true));
                    let ends = ends(&stream);
                    return Ok((stream, ends));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Whether the socket listens no more: it was shut down because the address is no longer configured.
fn is_closed(error: &Error) -> bool {
    error.raw_os_error() == Some(nix::errno::Errno::EINVAL as i32)
}

async fn connect_to(address: SocketAddr, source: &str) -> Result<TcpStream, Error> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Ok(source) = source.parse::<IpAddr>()
        && source.is_ipv4() == address.is_ipv4()
    {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    socket.connect(address).await
}

fn ends(stream: &TcpStream) -> Connection {
    let text = |address: Result<SocketAddr, Error>| address.map_or_else(|_| String::new(), |it| it.to_string());
    let peer = stream.peer_addr();
    let loopback = peer.as_ref().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
    Connection {
        peer: text(peer),
        local: text(stream.local_addr()),
        unix_socket: false,
        loopback,
        descriptor: i64::from(stream.as_raw_fd()),
    }
}
