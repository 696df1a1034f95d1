//! What a driver needs of its surroundings: tokio in production, turmoil in
//! simulation. Statically dispatched.

use crate::listener::socket::{OpenError, SocketOptions};
use engine::boundary::effects::Effects;
use engine::boundary::input::{Connection, Input};
use engine::boundary::time::{Monotonic, Now};
use engine::engine::Engine;
use std::future::Future;
use std::io::Error;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

/// Clocks, tasks, randomness and sockets.
pub trait Host: Clone + Send + Sync + 'static {
    /// A socket that listens. Clones are the same socket.
    type Listener: Clone + Send + 'static;
    /// A connection that was accepted.
    type Accepted: 'static;
    /// A connection that was made.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;

    /// Both clocks.
    fn now(&self) -> Now;

    /// Completes at a time of [`Host::now`]'s monotonic clock.
    fn sleep_until(&self, deadline: Monotonic) -> impl Future<Output = ()>;

    /// Runs a task on the thread that calls.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);

    /// A random number, for the engine's generator to begin with; `None` if
    /// there is no randomness to be had.
    fn seed(&self) -> Option<u64>;

    /// Listens on an address as the configuration writes it. `None` when it is
    /// not there and need not be.
    ///
    /// # Errors
    /// When the address cannot be had. Why was logged.
    fn listen(
        &self,
        bind: &str,
        port: u16,
        options: &SocketOptions,
    ) -> Result<Option<(SocketAddr, Self::Listener)>, OpenError>;

    /// Ends the listening at once, whoever still holds a clone.
    fn stop_listening(&self, listener: &Self::Listener);

    /// The next connection; `None` once the socket does not listen any more.
    fn accept(&self, listener: &Self::Listener) -> impl Future<Output = Option<Result<Self::Accepted, Error>>>;

    /// Connects to a host, from the address `source` unless that is empty.
    fn connect(
        &self,
        host: &str,
        port: u16,
        source: &str,
    ) -> impl Future<Output = Result<(Self::Stream, Connection), Error>>;

    /// Called with each input before the engine handles it, in the order of the
    /// engine's lock. Simulation looks on; production does not.
    #[inline(always)]
    fn before(&self, _engine: &Engine, _now: Now, _input: &Input<'_>) {}

    /// Called after the engine has handled it, with the effects that are to be carried out.
    #[inline(always)]
    fn after(&self, _engine: &Engine, _now: Now, _effects: &Effects) {}
}
