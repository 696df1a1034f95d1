//! Signals from outside: a thread waits for them, so that they are seen while the engine works.

use crate::host::Host;
use crate::shared::Shared;
use crate::start::threads::start_background;
use engine::boundary::input::{Input, Signal};
use nix::sys::signal::{self, SigSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The signals that ask for a shutdown.
fn shutdown_signals() -> SigSet {
    [signal::Signal::SIGTERM, signal::Signal::SIGINT].into_iter().collect()
}

/// Keeps signals from interrupting threads: to be called before any is started.
pub fn block() {
    let mut set = shutdown_signals();
    // A terminal that is gone and a peer that is gone end no server.
    set.add(signal::Signal::SIGHUP);
    set.add(signal::Signal::SIGUSR1);
    let _ = set.thread_block();
}

/// Starts to wait for signals. They arrive at the receiver. The flag is set from then until the engine has them: a SIGINT
/// meanwhile ends the process at once, because whoever sends a second one does not want to wait for what the engine does.
pub fn wait(exit: impl Fn(i32) + Send + 'static) -> (UnboundedReceiver<Signal>, Arc<AtomicBool>) {
    let (sender, receiver) = unbounded_channel();
    let under_way = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&under_way);
    start_background("signal", Vec::new(), move || wait_for_ever(&sender, &seen, exit));
    (receiver, under_way)
}

fn wait_for_ever(sender: &UnboundedSender<Signal>, under_way: &AtomicBool, exit: impl Fn(i32)) {
    let set = shutdown_signals();
    loop {
        let arrived = match set.wait() {
            Ok(signal::Signal::SIGINT) => Signal::Interrupt,
            Ok(signal::Signal::SIGTERM) => Signal::Terminate,
            _ => continue,
        };
        if under_way.swap(true, Ordering::SeqCst) && arrived == Signal::Interrupt {
            tracing::warn!("You insist... exiting now.");
            exit(1);
        }
        // The receiver lives as long as the process.
        let _ = sender.send(arrived);
    }
}

/// Hands signals to the engine, for ever.
pub async fn deliver<H: Host>(
    shared: Arc<Shared<H>>,
    mut signals: UnboundedReceiver<Signal>,
    under_way: Arc<AtomicBool>,
) {
    while let Some(signal) = signals.recv().await {
        shared.handle(Input::Signal(signal));
        under_way.store(false, Ordering::SeqCst);
    }
}
