//! Looks on at an engine's boundary: records what goes in, hashes what comes
//! out, checks replies against the model in the order of execution, and keeps
//! what each save must have saved.

use super::image::Images;
use super::life::{Faults, Remains};
use super::wire::Wires;
use crate::model::Model;
use crate::replay::Replayed;
use crate::reply::Reply;
use crate::report::Report;
use engine::boundary::ask::Answer;
use engine::boundary::effects::{Effect, Effects, Progress};
use engine::boundary::id::ClientId;
use engine::boundary::input::Input;
use engine::boundary::time::Now;
use engine::engine::Engine;
use engine::engine::options::Options;
use engine::recording::{Digest, Writer};
use engine::session::ReplyMode;
use std::collections::BTreeMap;

/// Inputs between two checkpoints of a recording.
const CHECKPOINT: u64 = 1000;

/// Who looks on.
pub struct Watch {
    node: String,
    writer: Option<Writer>,
    hash: Digest,
    inputs: u64,
    commands: u64,
    /// Addresses of the clients.
    clients: BTreeMap<ClientId, String>,
    model: Option<Model>,
    wires: Wires,
    /// The batch that is being handled.
    batch: Option<Batch>,
    /// What saves must have saved.
    pub images: Images,
    fine_ns: u64,
    /// Hash of the state in which the process ended itself.
    state_at_exit: Option<u64>,
    faults: Faults,
}

struct Batch {
    client: ClientId,
    requests: Vec<Vec<Vec<u8>>>,
}

impl Watch {
    pub(super) fn new(node: &str, wires: Wires, model: bool, faults: Faults) -> Watch {
        Watch {
            node: node.to_owned(),
            writer: None,
            hash: Digest::default(),
            inputs: 0,
            commands: 0,
            clients: BTreeMap::new(),
            model: model.then(|| {
                let mut model = Model::default();
                // It may begin with what an earlier process has saved.
                model.restarted();
                model
            }),
            wires,
            batch: None,
            images: Images::default(),
            fine_ns: 1,
            state_at_exit: None,
            faults,
        }
    }

    pub(super) fn record(&mut self, options: &Options, now: Now) {
        self.writer = Some(Writer::new(options, now));
    }

    /// The recording; what comes once the process has ended itself is none of its
    /// inputs, and neither are answers then.
    fn recording(&mut self) -> Option<&mut Writer> {
        self.writer.as_mut().filter(|_| self.state_at_exit.is_none())
    }

    /// The fine clock, which nobody sees but statistics.
    pub(super) fn elapsed_ns(&mut self, passed: u64) -> u64 {
        self.fine_ns += passed;
        let now = self.fine_ns;
        if let Some(writer) = self.recording() {
            writer.elapsed([now]);
        }
        now
    }

    /// A question was answered.
    pub(super) fn answered(&mut self, answer: &Answer) {
        if let Some(writer) = self.recording() {
            writer.answer(answer);
        }
    }

    /// The wall clock was set.
    pub(super) fn clock_jumped(&mut self) {
        if let Some(model) = &mut self.model {
            model.clock_jumped();
        }
    }

    pub(super) fn before(&mut self, engine: &Engine, now: Now, input: &Input<'_>) {
        if let Some(writer) = &mut self.writer {
            writer.input(now, input);
        }
        self.inputs += 1;
        self.batch = None;
        self.images.before(engine, now, input);
        match input {
            // Other nodes come to replicate: what they are told is not a matter of replies.
            Input::Connected { client, connection } if self.wires.is_client(&connection.peer) => {
                self.clients.insert(*client, connection.peer.clone());
            }
            Input::Closed { client } => {
                self.clients.remove(client);
                if let Some(model) = &mut self.model {
                    model.closed(*client);
                }
            }
            Input::Requests { client, requests, .. } => {
                let owned = |index| requests.arguments(index).iter().map(<[u8]>::to_vec).collect();
                let requests = (0..requests.len()).map(owned).collect();
                self.batch = Some(Batch { client: *client, requests });
            }
            _ => {}
        }
    }

    pub(super) fn after(&mut self, engine: &Engine, now: Now, effects: &Effects) {
        // Of other inputs nobody asks how far they got, so that the driver may leave what it was.
        let progress = if self.batch.is_some() { effects.progress } else { Progress::All };
        self.hash.add(&effects.orders.list, &effects.output, progress);
        for effect in &effects.orders.list {
            if let Effect::Send { client, start, end } = effect
                && let Some(address) = self.clients.get(client)
            {
                self.wires.sent(&self.node, address, &effects.output[*start..*end]);
            }
        }
        let mut requests = Vec::new();
        if let Some(mut batch) = self.batch.take() {
            if let Progress::Yield(consumed) | Progress::Wait(consumed) = effects.progress {
                batch.requests.truncate(consumed);
            }
            self.commands += batch.requests.len() as u64;
            self.check_batch(engine, now, effects, &batch);
            requests = batch.requests;
        }
        if let Err(fault) = self.images.after(engine, effects, &requests) {
            self.fail(&fault);
        }
        if effects.orders.list.iter().any(|effect| matches!(effect, Effect::Exit { .. })) {
            // What comes until the world takes notice does not count.
            self.state_at_exit = Some(engine.state_hash());
        }
        if self.inputs.is_multiple_of(CHECKPOINT)
            && let Some(writer) = &mut self.writer
        {
            writer.checkpoint(self.hash.value(), engine.state_hash());
        }
    }

    fn fail(&self, fault: &str) {
        self.faults.report(format!("{}: {fault}", self.node));
    }

    fn check_batch(&mut self, engine: &Engine, now: Now, effects: &Effects, batch: &Batch) {
        let Some(address) = self.clients.get(&batch.client) else { return };
        for request in &batch.requests {
            if let Err(fault) = self.wires.executed(&self.node, address, request) {
                return self.fail(&fault);
            }
        }
        self.check_replies(engine, now, effects, batch);
        if let Some(fault) = self.model.as_mut().and_then(Model::take_fault) {
            self.fail(&fault);
        }
    }

    /// Compares the replies of a batch with the model.
    fn check_replies(&mut self, engine: &Engine, now: Now, effects: &Effects, batch: &Batch) {
        let Some(model) = &mut self.model else { return };
        let session = engine.server().sessions.get(batch.client);
        if session.is_none_or(|session| session.reply_mode != ReplyMode::On) || engine.server().memory_limited {
            self.model = None;
            return;
        }
        let (mut bytes, mut closing) = (Vec::new(), false);
        for effect in &effects.orders.list {
            match effect {
                Effect::Send { client, start, end } if *client == batch.client => {
                    bytes.extend_from_slice(&effects.output[*start..*end]);
                }
                Effect::Close { client, .. } => closing |= *client == batch.client,
                Effect::Exit { .. } => closing = true,
                _ => {}
            }
        }
        let replies = match Reply::parse_all(&bytes) {
            Ok(replies) => replies,
            Err(fault) => return model.fail(fault),
        };
        let replies: Vec<Reply> = replies.into_iter().filter(|reply| !matches!(reply, Reply::Push(_))).collect();
        let deferred = batch.requests.len().saturating_sub(replies.len());
        if !closing && (replies.len() > batch.requests.len() || deferred > 1) {
            return model.fail(format!("{} replies to {} requests", replies.len(), batch.requests.len()));
        }
        let requests: Vec<Vec<&[u8]>> =
            batch.requests.iter().map(|request| request.iter().map(Vec::as_slice).collect()).collect();
        if !closing
            && deferred == 1
            && let Some(request) = requests.last()
        {
            model.put_off(batch.client, request);
        }
        for (request, reply) in requests.iter().zip(&replies) {
            model.observe(batch.client, request, reply, now.unix.ms());
        }
    }

    pub(super) fn finish(&mut self, engine: &Engine, report: &mut Report) -> Remains {
        let statistics = engine.keyspace().statistics;
        report.add("lives", 1);
        report.add("inputs", self.inputs);
        report.add("commands", self.commands);
        report.add("keys expired", statistics.expired);
        report.add("keys evicted", statistics.evicted);
        report.add("keys loaded", engine.server().persistence.last_loaded);
        report.add("saves", engine.server().persistence.saves);
        report.add("replies that the model foretold", self.model.as_ref().map_or(0, Model::checked));
        self.images.count(report);
        let state = self.state_at_exit.unwrap_or_else(|| engine.state_hash());
        let summary = Replayed { inputs: self.inputs, effects: self.hash.value(), state };
        let recording = self.writer.as_mut().map(Writer::take).unwrap_or_default();
        Remains { summary, recording }
    }
}
