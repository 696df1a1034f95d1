//! What the driver does in a world: connections, deadlines, the disk, and an
//! engine that ends and begins again.

use super::*;

impl World {
    /// Takes a link out while it works; its rest is submitted again if it says so.
    pub(super) fn with_link(
        &mut self,
        client: ClientId,
        work: impl FnOnce(&mut Link, &mut World) -> bool,
    ) -> Result<(), String> {
        let Some(mut link) = self.links.remove(&client) else { return Ok(()) };
        if work(&mut link, self) {
            self.report.add("batches that yielded", 1);
            self.push_in(1, Event::Resume { client });
        }
        if link.closing {
            self.push_in(1, Event::Flush { client });
        }
        self.links.insert(client, link);
        match self.model.as_mut().and_then(Model::take_fault) {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }

    pub(super) fn submit(&mut self, link: &mut Link, bytes: &[u8], parsed: &RequestBuffer) -> Submitted {
        if self.exiting {
            return Submitted { progress: Progress::Wait(0), resumed: false };
        }
        let requests = parsed.requests(bytes, 0);
        let report = std::mem::take(&mut link.report);
        let client = link.client;
        let before = link.output.len();
        // DEBUG SLEEP moves the clock on.
        let now_ms = self.shared.lock().clock.now().unix.ms();
        let (outcome, resumed) = self.handle(Input::Requests { client, requests: &requests, report }, Some(link));
        let consumed = match outcome.progress {
            Progress::All => requests.len(),
            Progress::Yield(consumed) | Progress::Wait(consumed) => consumed,
        };
        if matches!(outcome.progress, Progress::Wait(_)) {
            self.report.add("batches that waited", 1);
        }
        self.commands += consumed as u64;
        link.limits = self.node.engine.limits(client);
        self.check_replies(link, &requests, consumed, before, now_ms);
        Submitted { progress: outcome.progress, resumed }
    }

    /// Compares the replies of a batch with the model.
    fn check_replies(&mut self, link: &Link, requests: &Requests<'_>, consumed: usize, before: usize, now_ms: i64) {
        let Some(model) = &mut self.model else { return };
        let session = self.node.engine.server().sessions.get(link.client);
        if session.is_none_or(|session| session.reply_mode != ReplyMode::On) || self.node.engine.server().memory_limited
        {
            self.model = None;
            return;
        }
        let replies = match Reply::parse_all(&link.output[before..]) {
            Ok(replies) => replies,
            Err(fault) => return model.fail(fault),
        };
        let replies: Vec<Reply> = replies.into_iter().filter(|reply| !matches!(reply, Reply::Push(_))).collect();
        let deferred = consumed.saturating_sub(replies.len());
        if !link.closing && (replies.len() > consumed || deferred > 1) {
            return model.fail(format!("{} replies to {consumed} requests", replies.len()));
        }
        if !link.closing && deferred == 1 {
            let request: Vec<&[u8]> = requests.arguments(consumed - 1).iter().collect();
            model.put_off(link.client, &request);
        }
        for (index, reply) in replies.iter().enumerate().take(consumed) {
            let request: Vec<&[u8]> = requests.arguments(index).iter().collect();
            model.observe(link.client, &request, reply, now_ms);
        }
    }

    pub(super) fn arm(&mut self) {
        let Some(next) = self.node.engine.next_deadline() else { return };
        if next.0 < self.armed {
            self.armed = next.0;
            let late = self.random.below(self.profile.latency_max.min(1000));
            let at = (next.0 + late).max(self.now_us() + 1);
            self.heap.push(at, Event::Deadline { at: next.0 });
        }
    }

    pub(super) fn deadline(&mut self, at: u64) {
        if at != self.armed {
            return;
        }
        self.armed = u64::MAX;
        if self.node.engine.next_deadline().is_some_and(|next| next.0 <= self.now_us()) {
            self.handle(Input::Deadline, None);
        }
    }

    pub(super) fn disk_done(&mut self, token: DiskToken, done: &Done) {
        let result = match done {
            Done::Done => Ok(DiskDone::Done),
            Done::Opened(size) => Ok(DiskDone::Opened { size: *size }),
            Done::Data(bytes) => Ok(DiskDone::Data(bytes)),
            Done::Failed(error) => Err(error.clone()),
        };
        self.report.add(if result.is_ok() { "disk operations" } else { "disk operations that failed" }, 1);
        self.handle(Input::Disk { token, result }, None);
    }

    /// A connection ends at the server's end.
    pub(super) fn closed(&mut self, client: ClientId) {
        let Some(link) = self.links.remove(&client) else { return };
        if link.report != BufferReport::default() {
            self.handle(Input::Drained { client, report: link.report }, None);
        }
        self.handle(Input::Closed { client }, None);
        if let Some(model) = &mut self.model {
            model.closed(client);
        }
    }

    pub(super) fn flush(&mut self, client: ClientId) {
        let Some(link) = self.links.get_mut(&client) else { return };
        let bytes = std::mem::take(&mut link.output);
        let (actor, closing) = (link.actor, link.closing);
        link.report.written += bytes.len() as u64;
        let report = link.report;
        if !bytes.is_empty() {
            let at = (self.now_us() + self.latency()).max(self.actors[actor].delivery);
            self.actors[actor].delivery = at;
            self.heap.push(at, Event::Deliver { client, actor, bytes });
        }
        if closing {
            self.report.add("connections closed by the server", 1);
            let at = self.actors[actor].delivery.max(self.now_us() + 1);
            self.heap.push(at, Event::Hangup { client, actor });
            self.closed(client);
        } else if self.random.below(8) == 0 {
            if let Some(link) = self.links.get_mut(&client) {
                link.report = BufferReport::default();
            }
            self.handle(Input::Drained { client, report }, None);
        }
    }

    /// The engine's end: what it did is kept.
    pub(super) fn end_life(&mut self) -> Result<(), String> {
        self.check_counts()?;
        self.checkpoint();
        let statistics = self.node.engine.keyspace().statistics;
        let saves = self.node.engine.server().persistence.saves;
        self.report.add("lives", 1);
        self.report.add("inputs", self.inputs);
        self.report.add("keys expired", statistics.expired);
        self.report.add("keys evicted", statistics.evicted);
        self.report.add("keys loaded", self.node.engine.server().persistence.last_loaded);
        self.report.add("saves", saves);
        self.count_commands();
        let recording = self.shared.lock().writer.as_mut().map(Writer::take).unwrap_or_default();
        self.report.add("bytes of recordings", recording.len() as u64);
        let (effects, state) = (self.node.effects_hash(), self.node.engine.state_hash());
        self.lives.push(Life { effects, state, inputs: self.inputs, recording });
        Ok(())
    }

    /// Another engine begins with what the last one left on the disk.
    pub(super) fn begin_life(&mut self) -> Result<(), String> {
        self.exiting = false;
        self.inputs = 0;
        self.armed = u64::MAX;
        self.disk = Disk::new(self.profile.disk_fails_one_in, 3000);
        let options = setup::options(&self.profile, &mut self.random)?;
        let now = self.shared.lock().clock.now();
        self.shared.lock().writer = Some(Writer::new(&options, now));
        self.node = Node::new(options, now, Box::new(self.shared.clone()));
        for (client, link) in std::mem::take(&mut self.links) {
            let at = self.actors[link.actor].delivery.max(self.now_us() + 1);
            self.heap.push(at, Event::Hangup { client, actor: link.actor });
        }
        if let Some(model) = &mut self.model {
            model.restarted();
        }
        self.handle(Input::Start, None);
        Ok(())
    }

    fn count_commands(&mut self) {
        let mut ran = Vec::new();
        let server = self.node.engine.server();
        for id in engine::command::generate::runnable(&server.commands) {
            let counts = server.statistics.commands.get(usize::from(id.0)).copied().unwrap_or_default();
            ran.push((format!("command {}", server.commands.full_name(id)), counts.calls - counts.failed));
        }
        for (name, count) in ran {
            self.report.add(&name, count);
        }
    }
}
