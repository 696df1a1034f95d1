//! Signals from outside: a thread waits for them, so that they are seen while the engine works.

use crate::host::Host;
use crate::shared::Shared;
use engine::boundary::input::{Input, Signal};
use engine::server::timer::Timer;
use nix::sys::signal::{self, SigSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How often it is looked whether a shutdown that was asked for has been given up.
const PENDING_CHECK: Duration = Duration::from_millis(100);

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

/// Starts to wait for signals. They arrive at the receiver; with the flag set, because a shutdown is under way, a second
/// SIGINT ends the process at once.
pub fn wait(exit: impl Fn(i32) + Send + 'static) -> (UnboundedReceiver<Signal>, Arc<AtomicBool>) {
    let (sender, receiver) = unbounded_channel();
    let pending = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&pending);
    let thread = std::thread::Builder::new().name("signal".into());
    drop(thread.spawn(move || wait_for_ever(&sender, &seen, exit)));
    (receiver, pending)
}

fn wait_for_ever(sender: &UnboundedSender<Signal>, pending: &AtomicBool, exit: impl Fn(i32)) {
    let set = shutdown_signals();
    loop {
        let arrived = match set.wait() {
            Ok(signal::Signal::SIGINT) => Signal::Interrupt,
            Ok(signal::Signal::SIGTERM) => Signal::Terminate,
            _ => continue,
        };
        let was_pending = pending.swap(true, Ordering::SeqCst);
        if was_pending && arrived == Signal::Interrupt {
            tracing::warn!("You insist... exiting now.");
            exit(1);
        }
        let name = if arrived == Signal::Interrupt { "SIGINT" } else { "SIGTERM" };
        tracing::warn!("Received {name} scheduling shutdown...");
        let _ = sender.send(arrived);
    }
}

/// Hands signals to the engine, for ever.
pub async fn deliver<H: Host>(
    shared: Arc<Shared<H>>,
    mut signals: UnboundedReceiver<Signal>,
    pending: Arc<AtomicBool>,
) {
    while let Some(signal) = signals.recv().await {
        shared.handle(Input::Signal(signal));
        // It may be given up: a save fails, or SHUTDOWN ABORT comes.
        while shared.inspect(|engine| engine.server().timers.is_set(Timer::Shutdown)) {
            tokio::time::sleep(PENDING_CHECK).await;
        }
        pending.store(false, Ordering::SeqCst);
    }
}
