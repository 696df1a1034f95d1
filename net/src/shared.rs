//! The engine behind its lock, and the carrying out of its effects.

use crate::disk::{Completion, Disk};
use crate::host::Host;
use crate::inbox::Inbox;
use crate::link::NewLink;
use crate::mailbox::Mailbox;
use crate::recorder::Recorder;
use engine::boundary::effects::{Effect, Effects, Garbage, LogLevel, Progress};
use engine::boundary::id::{ClientId, LinkId};
use engine::boundary::input::{BufferReport, Connection, Input, LinkEvent};
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::resp::request::{Limits, Requests};
use engine::session::sessions::BuildIdHasher;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// How often a thread offers its time to those who wait for the lock.
const LET_IN_TRIES: usize = 200;

/// Where log lines go.
pub trait Log: Send + Sync {
    /// Writes a line.
    fn log(&self, level: LogLevel, message: &str);
}

/// What all threads share.
pub struct Shared<H: Host> {
    core: Mutex<Core>,
    /// Clocks and tasks.
    pub host: H,
    /// The deadline for which the timer is set, microseconds.
    armed: AtomicU64,
    /// Batches of requests that were handled.
    batches: AtomicU64,
    /// Threads that wait for the lock.
    contenders: AtomicUsize,
    /// Disk operations that have ended, for whoever has the lock.
    ended: Inbox<Completion>,
    /// Wakes the timer for an earlier deadline.
    pub(crate) rearm: Notify,
}

/// What the lock protects.
struct Core {
    engine: Engine,
    effects: Effects,
    recorder: Option<Recorder>,
    mailboxes: HashMap<ClientId, Arc<Mailbox>, BuildIdHasher>,
    links: HashMap<LinkId, Arc<Mailbox>>,
    wanted_links: UnboundedSender<NewLink>,
    next_client: u64,
    disk: Box<dyn Disk>,
    log: Arc<dyn Log>,
    garbage: Sender<Garbage>,
    ready: Box<dyn Fn() + Send>,
    exit: Box<dyn Fn(i32) + Send>,
}

/// The connection whose input is being handled: its replies need no mailbox.
pub struct Own<'a> {
    /// Which.
    pub client: ClientId,
    /// Where its replies go.
    pub output: &'a mut Vec<u8>,
    /// Set if it is to be closed when all is sent.
    pub closing: &'a mut bool,
    /// Set if its waiting requests are to be submitted.
    pub resumed: &'a mut bool,
}

/// What the driver's parts are made of.
pub struct Parts {
    /// The engine.
    pub engine: Engine,
    /// Its effects, with the oracle.
    pub effects: Effects,
    /// What records its inputs.
    pub recorder: Option<Recorder>,
    /// Where disk operations go.
    pub disk: Box<dyn Disk>,
    /// Where connections are made that the engine asks for.
    pub wanted_links: UnboundedSender<NewLink>,
    /// Where log lines go.
    pub log: Arc<dyn Log>,
    /// Where garbage is dropped.
    pub garbage: Sender<Garbage>,
    /// Tells the supervisor that the server is ready.
    pub ready: Box<dyn Fn() + Send>,
    /// Ends the process with a code.
    pub exit: Box<dyn Fn(i32) + Send>,
}

impl<H: Host> Shared<H> {
    /// Puts an engine behind its lock.
    pub fn new(parts: Parts, host: H) -> Arc<Shared<H>> {
        let Parts { engine, effects, recorder, disk, wanted_links, log, garbage, ready, exit } = parts;
        let core = Core {
            engine,
            effects,
            recorder,
            mailboxes: HashMap::default(),
            links: HashMap::new(),
            wanted_links,
            next_client: 1,
            disk,
            log,
            garbage,
            ready,
            exit,
        };
        Arc::new(Shared {
            core: Mutex::new(core),
            host,
            armed: AtomicU64::new(u64::MAX),
            batches: AtomicU64::new(0),
            contenders: AtomicUsize::new(0),
            ended: Inbox::default(),
            rearm: Notify::new(),
        })
    }

    /// The lock. A thread that panicked has aborted the process already.
    fn lock(&self) -> MutexGuard<'_, Core> {
        match self.core.try_lock() {
            Ok(core) => core,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.contenders.fetch_add(1, Ordering::Relaxed);
                let core = self.core.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                self.contenders.fetch_sub(1, Ordering::Relaxed);
                core
            }
        }
    }

    /// Does something under the lock, and then what was left for whoever has it.
    #[inline]
    fn with<T>(&self, work: impl FnOnce(&mut Core) -> T) -> T {
        let result = work(&mut self.lock());
        if self.ended.has_posts() {
            self.take_ended();
        }
        result
    }

    /// Hands over the ends of disk operations, without waiting for the lock: to
    /// be woken for it takes longer than what those who have it do under it.
    pub fn completed(&self, ended: impl IntoIterator<Item = Completion>) {
        self.ended.post(ended);
        self.take_ended();
    }

    #[cold]
    fn take_ended(&self) {
        // Whoever has the lock looks into the inbox when it is free again.
        while self.ended.has_posts() {
            let mut core = match self.core.try_lock() {
                Ok(core) => core,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            for Completion { token, result } in self.ended.take() {
                let result = result.as_ref().map(|end| end.as_done()).map_err(Clone::clone);
                self.enter_and_carry_out(&mut core, Input::Disk { token, result });
            }
        }
    }

    /// Waits, not for long, until no thread waits for the lock: a mutex gives it
    /// to whoever comes first, and that is always the one who has just let it go
    /// if he wants it again at once.
    pub(crate) fn let_others_in(&self) {
        for _ in 0..LET_IN_TRIES {
            if self.contenders.load(Ordering::Relaxed) == 0 {
                return;
            }
            std::thread::yield_now();
        }
    }

    /// Handles an input that is no client's request.
    pub fn handle(&self, input: Input<'_>) {
        self.with(|core| self.enter_and_carry_out(core, input));
    }

    fn enter_and_carry_out(&self, core: &mut Core, input: Input<'_>) {
        self.enter(core, input);
        // First, so that what is due is not behind those who now have something to send.
        self.arm(core);
        self.carry_out(core, None);
    }

    /// Carries out all effects.
    #[inline]
    fn carry_out(&self, core: &mut Core, own: Option<Own<'_>>) {
        let ended = core.carry_out(own);
        if !ended.is_empty() {
            // Whoever has the lock looks into the inbox when it is free again.
            self.ended.post(ended);
        }
    }

    /// The only way into the engine.
    #[inline]
    fn enter(&self, core: &mut Core, input: Input<'_>) {
        let now = self.host.now();
        self.host.before(&core.engine, now, &input);
        core.handle(now, input);
        self.host.after(&core.engine, now, &core.effects);
    }

    /// Handles a batch of requests, and returns how far it got and what the
    /// connection may send from now on.
    pub fn requests(&self, own: Own<'_>, requests: Requests<'_>, report: BufferReport) -> (Progress, Limits) {
        self.with(|core| {
            let client = own.client;
            self.batches.fetch_add(1, Ordering::Relaxed);
            let input = Input::Requests { client, requests: &requests, report };
            self.enter(core, input);
            let progress = core.effects.progress;
            self.carry_out(core, Some(own));
            self.arm(core);
            (progress, core.engine.limits(client))
        })
    }

    /// A client connected: gives it a number and a mailbox.
    pub fn connected(&self, connection: Connection) -> (ClientId, Arc<Mailbox>, Limits) {
        self.with(|core| {
            let client = ClientId(core.next_client);
            core.next_client += 1;
            let mailbox = Arc::new(Mailbox::of_this_thread());
            core.mailboxes.insert(client, Arc::clone(&mailbox));
            self.enter_and_carry_out(core, Input::Connected { client, connection });
            (client, mailbox, core.engine.limits(client))
        })
    }

    /// A client is gone.
    pub fn closed(&self, client: ClientId) {
        self.with(|core| core.mailboxes.remove(&client));
        self.handle(Input::Closed { client });
    }

    /// Something happened on a link; forgotten if the engine has closed it.
    pub fn link_event(&self, link: LinkId, event: LinkEvent<'_>) {
        self.with(|core| {
            let known = match event {
                LinkEvent::Closed(_) => core.links.remove(&link).is_some(),
                _ => core.links.contains_key(&link),
            };
            if known {
                self.enter_and_carry_out(core, Input::Link { link, event });
            }
        });
    }

    /// Goes on with the recorder's image of the engine. False if there is none.
    pub fn step_image(&self) -> bool {
        self.with(|core| core.recorder.as_ref().is_some_and(|recorder| recorder.step(&mut core.engine)))
    }

    /// Number of batches of requests that were handled so far.
    pub(crate) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Looks at the engine.
    pub fn inspect<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        self.with(|core| look(&core.engine))
    }

    /// Wakes the timer if the next deadline is earlier than it knows.
    fn arm(&self, core: &Core) {
        let next = core.engine.next_deadline().map_or(u64::MAX, |deadline| deadline.0);
        if next < self.armed.load(Ordering::Relaxed) {
            self.armed.store(next, Ordering::Relaxed);
            self.rearm.notify_one();
        }
    }

    /// The timer is set anew: the engine's next deadline, microseconds.
    pub(crate) fn set_armed(&self) -> u64 {
        self.with(|core| {
            let next = core.engine.next_deadline().map_or(u64::MAX, |deadline| deadline.0);
            self.armed.store(next, Ordering::Relaxed);
            next
        })
    }
}

impl Core {
    /// Hands an input to the engine.
    #[inline]
    fn handle(&mut self, now: Now, input: Input<'_>) {
        if let Some(recorder) = &self.recorder {
            recorder.input(now, &input);
        }
        self.engine.handle(now, input, &mut self.effects);
        if let Some(recorder) = &self.recorder {
            recorder.handled(now, &self.effects, &mut self.engine);
        }
    }

    /// Carries out all effects, in order. Returns the ends of disk operations.
    fn carry_out(&mut self, mut own: Option<Own<'_>>) -> Vec<Completion> {
        if self.effects.orders.list.is_empty() || self.swap_out(&mut own) {
            return Vec::new();
        }
        let list = std::mem::take(&mut self.effects.orders.list);
        for effect in list {
            self.carry_out_one(effect, &mut own);
        }
        let ended = self.disk.flush(self.engine.output_waits());
        self.effects.clear();
        ended
    }

    /// The common case: nothing but replies to the own connection, whose buffer
    /// is empty, so that the buffers can be exchanged.
    fn swap_out(&mut self, own: &mut Option<Own<'_>>) -> bool {
        let Some(own) = own else { return false };
        let [Effect::Send { client, start: 0, end }] = self.effects.orders.list[..] else { return false };
        let whole = client == own.client && end == self.effects.output.len();
        if !whole || !own.output.is_empty() {
            return false;
        }
        std::mem::swap(&mut self.effects.output, own.output);
        self.effects.clear();
        true
    }

    fn carry_out_one(&mut self, effect: Effect, own: &mut Option<Own<'_>>) {
        let own_is = |own: &Option<Own<'_>>, client: ClientId| own.as_ref().is_some_and(|own| own.client == client);
        match effect {
            Effect::Send { client, start, end } => {
                let bytes = &self.effects.output[start..end];
                match own {
                    Some(own) if own.client == client => own.output.extend_from_slice(bytes),
                    _ => self.mailbox(client, |mailbox| mailbox.send(bytes)),
                }
            }
            Effect::Close { client, flush } => match own {
                Some(own) if own.client == client && flush => *own.closing = true,
                _ => self.mailbox(client, |mailbox| mailbox.close(flush)),
            },
            Effect::Resume { client } if own_is(own, client) => {
                if let Some(own) = own {
                    *own.resumed = true;
                }
            }
            Effect::Resume { client } => self.mailbox(client, Mailbox::resume),
            Effect::Connect { link, host, port, source } => {
                let mailbox = Arc::new(Mailbox::default());
                self.links.insert(link, Arc::clone(&mailbox));
                // The thread that connects lives as long as the process.
                drop(self.wanted_links.send(NewLink { link, host, port, source, mailbox }));
            }
            Effect::LinkSend { link, start, end } => {
                if let Some(mailbox) = self.links.get(&link) {
                    mailbox.send(&self.effects.output[start..end]);
                }
            }
            Effect::LinkRead { link } => {
                if let Some(mailbox) = self.links.get(&link) {
                    mailbox.resume();
                }
            }
            Effect::LinkClose { link } => {
                if let Some(mailbox) = self.links.remove(&link) {
                    mailbox.close(false);
                }
            }
            Effect::Disk { token, operation } => self.disk.start(token, operation),
            Effect::Log { level, message } => self.log.log(level, &message),
            Effect::Drop(garbage) => drop(self.garbage.send(garbage)),
            Effect::Ready => (self.ready)(),
            Effect::Exit { code } => (self.exit)(code),
        }
    }

    fn mailbox(&self, client: ClientId, post: impl FnOnce(&Mailbox)) {
        if let Some(mailbox) = self.mailboxes.get(&client) {
            post(mailbox);
        }
    }
}
