//! The threads: the first accepts, keeps the time and serves; the others only serve.

use crate::commit::{self, Commit};
use crate::disk::{DiskQueue, Files};
use crate::link::{self, NewLink};
use crate::listener::accept::{Accepting, Acceptor, ConnectionOptions, Passed, receive};
use crate::process::affinity;
use crate::shared::Shared;
use crate::tokio_host::TokioHost;
use crate::wake_queue::WakeQueue;
use crate::{raw, signal, timer};
use engine::boundary::input::Signal;
use std::io::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::Builder;
use tokio::runtime::{LocalOptions, LocalRuntime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;

/// What the first thread does beside serving.
pub(super) struct Duties {
    pub(super) acceptor: Acceptor<TokioHost>,
    pub(super) options: Arc<ConnectionOptions>,
    pub(super) signals: (UnboundedReceiver<Signal>, Arc<AtomicBool>),
    pub(super) links: UnboundedReceiver<NewLink>,
    pub(super) commits: Commits,
}

/// What carries out commits.
#[derive(Clone)]
pub(super) struct Commits {
    pub(super) commit: Arc<Commit>,
    pub(super) files: Arc<Files>,
    pub(super) queue: DiskQueue,
}

impl Commits {
    /// Starts the task of this thread.
    fn start(self, shared: &Arc<Shared<TokioHost>>) {
        spawn_local(commit::serve(self.commit, Arc::clone(shared), self.files, self.queue));
    }
}

/// The runtime of one thread.
pub(super) fn runtime() -> Result<LocalRuntime, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build_local(LocalOptions::default())
}

/// Starts a thread that does what need not be done at once.
pub(crate) fn start_background(name: &str, processors: Vec<u8>, work: impl FnOnce() + Send + 'static) {
    start(name, move || {
        affinity::keep_to(&processors);
        work();
    });
}

fn start(name: &str, work: impl FnOnce() + Send + 'static) {
    let started = Builder::new().name(name.into()).spawn(move || {
        raw::prepare_crash_stack();
        work();
    });
    if let Err(error) = started {
        tracing::warn!("Could not start thread {name}: {error}");
        std::process::exit(1);
    }
}

/// Serves on `count` threads, of which the calling one is the first, for ever.
pub(super) fn serve(shared: &Arc<Shared<TokioHost>>, count: usize, runtime: LocalRuntime, duties: Duties) {
    let others = (1..count).map(|number| start_serving(number, Arc::clone(shared), duties.commits.clone())).collect();
    runtime.block_on(async {
        spawn_local(WakeQueue::serve());
        spawn_local(timer::run(Arc::clone(shared)));
        duties.commits.start(shared);
        let (signals, pending) = duties.signals;
        spawn_local(link::serve(duties.links, Arc::clone(shared)));
        spawn_local(signal::deliver(Arc::clone(shared), signals, pending));
        Accepting::new(Arc::clone(shared), duties.options, others).run(duties.acceptor).await;
    });
}

fn start_serving(number: usize, shared: Arc<Shared<TokioHost>>, commits: Commits) -> UnboundedSender<Passed> {
    let (sender, arrivals) = unbounded_channel();
    start(&format!("io-{number}"), move || {
        raw::use_own_arena();
        match runtime() {
            Ok(runtime) => runtime.block_on(async {
                spawn_local(WakeQueue::serve());
                commits.start(&shared);
                receive(arrivals, shared).await;
            }),
            Err(error) => {
                tracing::warn!("Could not watch for events: {error}");
                std::process::exit(1);
            }
        }
    });
    sender
}
