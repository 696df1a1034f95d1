//! What a driver needs of its surroundings: tokio in production, turmoil in
//! simulation. Statically dispatched.

use engine::boundary::time::{Monotonic, Now};
use std::future::Future;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Clocks and tasks.
pub trait Host: Clone + Send + Sync + 'static {
    /// Both clocks.
    fn now(&self) -> Now;

    /// Completes at a time of [`Host::now`]'s monotonic clock.
    fn sleep_until(&self, deadline: Monotonic) -> impl Future<Output = ()>;

    /// Runs a task on the thread that calls.
    fn spawn(&self, task: impl Future<Output = ()> + 'static);
}

/// The real world, by tokio.
#[derive(Clone, Copy, Debug)]
pub struct TokioHost {
    start: Instant,
}

impl TokioHost {
    /// A host whose monotonic clock begins now.
    pub fn new() -> TokioHost {
        TokioHost { start: Instant::now() }
    }
}

impl Default for TokioHost {
    fn default() -> Self {
        TokioHost::new()
    }
}

impl Host for TokioHost {
    fn now(&self) -> Now {
        let monotonic = Monotonic(self.start.elapsed().as_micros() as u64);
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        Now { monotonic, unix: engine::boundary::time::Unix(unix) }
    }

    async fn sleep_until(&self, deadline: Monotonic) {
        let at = self.start + std::time::Duration::from_micros(deadline.0);
        tokio::time::sleep_until(at.into()).await;
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(task);
    }
}
