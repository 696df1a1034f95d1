//! The surroundings of a simulated node: turmoil's network, a clock that the
//! world may set, and somebody who looks on.

use super::life::Life;
use super::stream::Stream;
use engine::boundary::effects::Effects;
use engine::boundary::input::{Connection, Input};
use engine::boundary::time::{Monotonic, Now};
use engine::engine::Engine;
use net::host::Host;
use net::listener::socket::{OpenError, SocketOptions};
use std::future::{Future, poll_fn};
use std::io::{Error, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use turmoil::net::{TcpListener, TcpStream};

/// A node's surroundings during one life.
#[derive(Clone)]
pub struct TurmoilHost {
    /// The life.
    pub life: Arc<Life>,
}

/// A socket that listens.
#[derive(Clone)]
pub struct Listener(Arc<Listening>);

struct Listening {
    socket: TcpListener,
    closed: AtomicBool,
    closing: Notify,
}

impl Host for TurmoilHost {
    type Listener = Listener;
    type Accepted = (Stream, Connection);
    type Stream = Stream;

    fn now(&self) -> Now {
        self.life.now()
    }

    async fn sleep_until(&self, deadline: Monotonic) {
        loop {
            if self.life.ended() {
                // Nothing wakes a process that has ended.
                std::future::pending::<()>().await;
            }
            let left = deadline.since(self.life.now().monotonic);
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_micros(left)).await;
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let guard = PanicGuard(Arc::clone(&self.life));
        tokio::task::spawn_local(async move {
            let _guard = guard;
            task.await;
        });
    }

    fn seed(&self) -> Option<u64> {
        Some(self.life.random().next_u64())
    }

    fn listen(
        &self,
        _bind: &str,
        port: u16,
        _options: &SocketOptions,
    ) -> Result<Option<(SocketAddr, Listener)>, OpenError> {
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        let mut bind = pin!(TcpListener::bind(address));
        // It never waits.
        match bind.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(socket)) => {
                let listening = Listening { socket, closed: AtomicBool::new(false), closing: Notify::new() };
                Ok(Some((address, Listener(Arc::new(listening)))))
            }
            Poll::Ready(Err(error)) if error.kind() == ErrorKind::AddrInUse => Err(OpenError::AddressInUse),
            Poll::Ready(Err(error)) => Err(OpenError::Other(error)),
            Poll::Pending => Err(OpenError::Other(ErrorKind::WouldBlock.into())),
        }
    }

    fn stop_listening(&self, listener: &Listener) {
        listener.0.closed.store(true, Ordering::Relaxed);
        listener.0.closing.notify_waiters();
    }

    async fn accept(&self, listener: &Listener) -> Option<Result<(Stream, Connection), Error>> {
        let Listening { socket, closed, closing } = &*listener.0;
        let mut closing = pin!(closing.notified());
        let mut accepting = pin!(socket.accept());
        let accepted = poll_fn(|context| {
            if closing.as_mut().poll(context).is_ready() || closed.load(Ordering::Relaxed) {
                return Poll::Ready(None);
            }
            accepting.as_mut().poll(context).map(Some)
        })
        .await?;
        Some(accepted.and_then(|(stream, _)| self.wrap(stream)))
    }

    async fn connect(&self, host: &str, port: u16, _source: &str) -> Result<(Stream, Connection), Error> {
        let stream = TcpStream::connect((host, port)).await?;
        self.wrap(stream)
    }

    fn before(&self, engine: &Engine, now: Now, input: &Input<'_>) {
        self.life.before(engine, now, input);
    }

    fn after(&self, engine: &Engine, now: Now, effects: &Effects) {
        self.life.after(engine, now, effects);
    }
}

impl TurmoilHost {
    fn wrap(&self, stream: TcpStream) -> Result<(Stream, Connection), Error> {
        let random = self.life.split_random();
        let stream = Stream::new(stream, Some(Arc::clone(&self.life)), random)?;
        let connection = Connection {
            peer: stream.peer().to_string(),
            local: stream.local().to_string(),
            unix_socket: false,
            loopback: false,
            descriptor: i64::from(stream.peer().port()),
        };
        Ok((stream, connection))
    }
}

/// Tokio keeps a task's panic to itself, where panics unwind.
struct PanicGuard(Arc<Life>);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("a task panicked".into());
        }
    }
}
