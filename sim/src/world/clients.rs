//! What clients do in a world.

use super::*;

impl World {
    pub(super) fn turn(&mut self, actor: usize, epoch: u64) {
        if self.actors[actor].epoch != epoch {
            return;
        }
        let Some(client) = self.actors[actor].client else { return self.connect(actor) };
        if self.profile.jump_one_in > 0 && self.random.below(self.profile.jump_one_in) == 0 {
            self.jump();
        }
        if self.random.below(3000) == 0 {
            let signal = if self.random.below(2) == 0 { Signal::Terminate } else { Signal::Interrupt };
            self.push_in(1, Event::Signal(signal));
        }
        let mut bytes = Vec::new();
        for _ in 0..1 + self.random.below(self.profile.depth_max) {
            self.profile.settings.now_ms = self.shared.lock().clock.now().unix.ms();
            let request = self.profile.next_request(&mut self.actors[actor], &self.table, &mut self.random);
            self.actors[actor].asks(&request);
            encode(&request, &mut bytes);
        }
        if self.random.below(500) == 0 {
            self.actors[actor].sends_garbage();
            garbage(&mut self.random, &mut bytes);
            self.report.add("garbage sent", 1);
        }
        self.send(actor, client, &bytes);
        if self.random.below(self.profile.close_one_in) == 0 {
            self.report.add("connections closed by clients", 1);
            let delay = self.random.below(1000);
            return self.disconnect(actor, client, delay);
        }
        self.actors[actor].epoch += 1;
        let epoch = self.actors[actor].epoch;
        if self.actors[actor].missing() == 0 || self.random.below(10) == 0 {
            // Goes on without waiting.
            let delay = self.pause();
            self.push_in(delay, Event::Turn { actor, epoch });
        } else {
            self.push_in(PATIENCE, Event::Impatience { actor, epoch });
        }
    }

    fn pause(&mut self) -> u64 {
        if self.random.below(self.profile.rest_one_in) == 0 {
            return self.random.below(3_000_000);
        }
        self.random.below(2 * self.profile.pace)
    }

    fn jump(&mut self) {
        let microseconds = self.random.below(20_000_000) as i64 - 10_000_000;
        self.shared.lock().clock.jump(microseconds);
        self.report.add("jumps of the wall clock", 1);
        if let Some(model) = &mut self.model {
            model.clock_jumped();
        }
    }

    /// Sends bytes to the server in pieces, which arrive in order.
    fn send(&mut self, actor: usize, client: ClientId, bytes: &[u8]) {
        let mut rest = bytes;
        // The number of pieces is bounded, so that a run ends.
        let piece_max = self.profile.piece_max.max(bytes.len() as u64 / 64);
        while !rest.is_empty() {
            let length = (1 + self.random.below(piece_max)).min(rest.len() as u64) as usize;
            let (piece, others) = rest.split_at(length);
            let at = (self.now_us() + self.latency()).max(self.actors[actor].arrival);
            self.actors[actor].arrival = at;
            self.heap.push(at, Event::Arrive { client, bytes: piece.to_vec() });
            rest = others;
        }
    }

    fn connect(&mut self, actor: usize) {
        let client = ClientId(self.next_client);
        self.next_client += 1;
        let connection = Connection {
            peer: format!("127.0.0.1:{}", 10_000 + client.0),
            local: "127.0.0.1:6379".into(),
            unix_socket: false,
            loopback: true,
            descriptor: 8 + actor as i64,
        };
        self.actors[actor].connected(client);
        self.report.add("connections", 1);
        let link = Link::new(client, actor, Limits::default(), self.profile.parse_max);
        self.links.insert(client, link);
        self.handle(Input::Connected { client, connection }, None);
        let limits = self.node.engine.limits(client);
        if let Some(link) = self.links.get_mut(&client) {
            link.limits = limits;
        }
        let epoch = self.actors[actor].epoch;
        let delay = self.latency();
        self.push_in(delay, Event::Turn { actor, epoch });
    }

    fn disconnect(&mut self, actor: usize, client: ClientId, delay: u64) {
        self.actors[actor].disconnected();
        let at = (self.now_us() + delay).max(self.actors[actor].arrival);
        self.heap.push(at, Event::Closed { client });
        let epoch = self.actors[actor].epoch;
        let pause = self.pause();
        self.push_in(pause, Event::Turn { actor, epoch });
    }

    /// A client has waited for replies long enough.
    pub(super) fn impatience(&mut self, actor: usize, epoch: u64) {
        if self.actors[actor].epoch != epoch {
            return;
        }
        if let Some(client) = self.actors[actor].client {
            self.report.add("clients that gave up", 1);
            self.disconnect(actor, client, 1);
        }
    }

    pub(super) fn deliver(&mut self, client: ClientId, actor: usize, bytes: &[u8]) -> Result<(), String> {
        if self.actors[actor].client != Some(client) {
            return Ok(());
        }
        let waited = self.actors[actor].missing() > 0;
        let received = self.actors[actor].receive(bytes)?;
        self.report.add("replies", received.replies);
        self.report.add("errors", received.errors);
        if waited && self.actors[actor].missing() == 0 {
            self.actors[actor].epoch += 1;
            let epoch = self.actors[actor].epoch;
            let delay = self.pause();
            self.push_in(delay, Event::Turn { actor, epoch });
        }
        Ok(())
    }

    pub(super) fn hangup(&mut self, client: ClientId, actor: usize) {
        if self.actors[actor].client != Some(client) {
            return;
        }
        self.actors[actor].disconnected();
        let epoch = self.actors[actor].epoch;
        let pause = self.pause();
        self.push_in(pause, Event::Turn { actor, epoch });
    }
}
