//! The task that hands the engine its deadlines.

use crate::host::Host;
use crate::shared::Shared;
use engine::boundary::input::Input;
use engine::boundary::time::Monotonic;
use engine::engine::Engine;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

/// Microseconds for which a commit waits at most for those who are ready.
const GATHER_MAX_US: u64 = 500;

/// Lets all come first who are ready, and those who become so meanwhile, if what is
/// due may be a commit: one serves them too.
async fn gather<H: Host>(shared: &Shared<H>) {
    if !shared.inspect(Engine::output_waits) {
        return;
    }
    let until = shared.host.now().monotonic.0 + GATHER_MAX_US;
    loop {
        let before = shared.batches();
        tokio::task::yield_now().await;
        if shared.batches() == before || shared.host.now().monotonic.0 >= until {
            return;
        }
    }
}

/// Hands the engine its deadlines, for ever.
pub async fn run<H: Host>(shared: Arc<Shared<H>>) {
    let mut sleeps_until = u64::MAX;
    let mut sleep = pin!(shared.host.sleep_until(Monotonic(sleeps_until)));
    loop {
        let next = shared.set_armed();
        if next <= shared.host.now().monotonic.0 {
            gather(&shared).await;
            shared.handle(Input::Deadline);
            shared.let_others_in();
            tokio::task::yield_now().await;
            continue;
        }
        // To begin a sleep takes a system call; most often what was due at once is
        // done, and the next is what it was before.
        if next != sleeps_until {
            sleeps_until = next;
            sleep.set(shared.host.sleep_until(Monotonic(next)));
        }
        let mut earlier = pin!(shared.rearm.notified());
        let is_over = poll_fn(|context| match sleep.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending => earlier.as_mut().poll(context).map(|()| false),
        });
        if is_over.await {
            sleeps_until = u64::MAX;
            sleep.set(shared.host.sleep_until(Monotonic(sleeps_until)));
        }
    }
}
