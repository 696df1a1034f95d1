//! The task that hands the engine its deadlines.

use crate::host::Host;
use crate::shared::Shared;
use engine::boundary::input::Input;
use engine::boundary::time::Monotonic;
use std::future::Future;
use std::sync::Arc;

/// Hands the engine its deadlines, for ever.
pub async fn run<H: Host>(shared: Arc<Shared<H>>) {
    loop {
        let next = shared.set_armed();
        if next <= shared.host.now().monotonic.0 {
            shared.handle(Input::Deadline);
            shared.let_others_in();
            tokio::task::yield_now().await;
            continue;
        }
        let mut sleep = std::pin::pin!(shared.host.sleep_until(Monotonic(next)));
        let mut earlier = std::pin::pin!(shared.rearm.notified());
        std::future::poll_fn(|context| {
            if sleep.as_mut().poll(context).is_ready() || earlier.as_mut().poll(context).is_ready() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
    }
}
