//! The link to the primary: made, kept alive, given up.

use super::{Link, PRIMARY, Stage};
use crate::boundary::effects::{Effect, LogLevel};
use crate::boundary::id::LinkId;
use crate::boundary::input::LinkEvent;
use crate::config::Id;
use crate::persistence::Work;
use crate::resp::line::take_line;
use crate::server::timer::Timer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How often the link is looked at, milliseconds.
const PERIOD_MS: u64 = 1000;

impl Work<'_> {
    /// [`Timer::Follow`] has come: connects anew, gives up what takes too long,
    /// acknowledges.
    pub(crate) fn follow_tick(&mut self) {
        self.failover_step();
        if !self.server.replication.follow.is_replica() {
            return;
        }
        self.server.timers.set(Timer::Follow, self.now.monotonic.plus_ms(PERIOD_MS));
        self.give_up_late_link();
        if self.server.replication.follow.link.is_none() {
            self.connect_to_primary();
        }
        self.acknowledge();
    }

    /// Closes a link over which nothing has come for too long.
    fn give_up_late_link(&mut self) {
        let timeout_us = self.server.config.unsigned(Id::ReplTimeout).saturating_mul(1_000_000);
        if self.apart_is_late(timeout_us) {
            self.log_of_primary(LogLevel::Warning, "Timeout connecting to the MASTER...");
            return self.abandon_dual_sync("no answer over the main channel in time");
        }
        let Some(link) = &self.server.replication.follow.link else { return };
        if self.now.monotonic.since(link.last_io) <= timeout_us {
            return;
        }
        match link.stage {
            Stage::Connecting | Stage::Greeting(_) | Stage::Asked | Stage::Placing => {
                self.log_of_primary(LogLevel::Warning, "Timeout connecting to the MASTER...");
                self.abandon_link(true);
            }
            Stage::Announced(_) | Stage::Receiving(_) => {
                let line = "Timeout receiving bulk data from MASTER... If the problem persists try to set the \
                            'repl-timeout' parameter in redis.conf to a larger value.";
                self.log_of_primary(LogLevel::Warning, line);
                self.abandon_link(true);
            }
            Stage::Loading(_) => {
                if self.loading_from_link() {
                    self.load_interrupted("no data received from the primary in time");
                }
            }
            Stage::Streaming(_) => {
                self.log_of_primary(LogLevel::Warning, "MASTER timeout: no data nor ping received...");
                self.lose_primary(true);
            }
        }
    }

    /// Connects to the primary, unless data are being loaded or saved by
    /// somebody else: then the timer tries again.
    pub(super) fn connect_to_primary(&mut self) {
        let now = self.now.monotonic;
        let busy = self.server.loading || self.server.persistence.load.is_some();
        let Some((host, port)) = self.primary_shown() else { return };
        self.server.timers.set(Timer::Follow, now.plus_ms(PERIOD_MS));
        if busy {
            return;
        }
        self.log_of_primary(LogLevel::Notice, format!("Connecting to MASTER {host}:{port}"));
        self.connect_link();
        self.log_of_primary(LogLevel::Notice, "MASTER <-> REPLICA sync started");
    }

    fn primary_shown(&self) -> Option<(String, u16)> {
        let address = self.server.replication.follow.address.as_ref()?;
        Some((String::from_utf8_lossy(&address.host).into_owned(), address.port))
    }

    /// Makes the connection that brings a snapshot.
    pub(super) fn connect_for_snapshot(&mut self) {
        self.connect_link();
    }

    fn connect_link(&mut self) {
        let Some((host, port)) = self.primary_shown() else { return };
        let source = String::from_utf8_lossy(self.server.config.text(Id::BindSourceAddr)).into_owned();
        let now = self.now.monotonic;
        let link = self.server.next_link();
        let follow = &mut self.server.replication.follow;
        follow.outbox.clear();
        follow.link = Some(Link {
            id: link,
            stage: Stage::Connecting,
            buffer: Vec::new(),
            reading: false,
            last_io: now,
            kept_alive: now,
            connection: None,
        });
        self.orders.list.push(Effect::Connect { link, host, port, source });
    }

    /// Something happened on a link.
    pub(crate) fn link_event(&mut self, id: LinkId, event: LinkEvent<'_>) {
        let now = self.now.monotonic;
        if self.server.replication.follow.apart.as_ref().is_some_and(|apart| apart.id == id) {
            return self.apart_event(event);
        }
        let kept = &mut self.server.replication.follow.kept;
        let Some(link) = self.server.replication.follow.link.as_mut().filter(|link| link.id == id) else { return };
        match event {
            LinkEvent::Connected { connection } => {
                link.last_io = now;
                link.connection = Some(connection);
                self.log_of_primary(LogLevel::Notice, "Non blocking connect for SYNC fired the event.");
                self.greet();
                self.read_link();
            }
            LinkEvent::Received(bytes) => {
                link.last_io = now;
                link.reading = false;
                match kept {
                    Some(kept) => kept.append(bytes),
                    None => link.buffer.extend_from_slice(bytes),
                }
                self.server.statistics.received += bytes.len() as u64;
                self.use_received();
            }
            LinkEvent::Written(_) => {}
            LinkEvent::Closed(reason) => self.link_closed(reason),
        }
    }

    /// Goes on with what came over the link.
    pub(super) fn use_received(&mut self) {
        loop {
            let Some(link) = &mut self.server.replication.follow.link else { return };
            match &link.stage {
                Stage::Connecting => return,
                Stage::Greeting(_) | Stage::Asked | Stage::Placing | Stage::Announced(_) => {
                    match take_line(&mut link.buffer) {
                        Ok(Some(line)) => self.line_received(&line),
                        Ok(None) => return self.read_link(),
                        Err(()) => {
                            self.log_of_primary(LogLevel::Warning, "The primary sends a line without an end.");
                            return self.abandon_link(false);
                        }
                    }
                }
                Stage::Receiving(_) => return self.receive(),
                Stage::Loading(_) => return self.load_from_link(),
                Stage::Streaming(_) => return self.follow_step(),
            }
        }
    }

    /// Asks for what comes next, unless that was done.
    pub(crate) fn read_link(&mut self) {
        if let Some(link) = &mut self.server.replication.follow.link
            && !link.reading
        {
            link.reading = true;
            self.orders.list.push(Effect::LinkRead { link: link.id });
        }
    }

    fn link_closed(&mut self, reason: Option<&str>) {
        let Some(link) = &self.server.replication.follow.link else { return };
        let text = reason.unwrap_or("Connection closed by the peer").to_string();
        let apart = self.server.replication.follow.apart.is_some();
        let line = match &link.stage {
            Stage::Connecting => format!("Error condition on socket for SYNC: {text}"),
            Stage::Greeting(_) => format!("Failed to read response from the server: {text}"),
            Stage::Asked => {
                self.log_of_primary(LogLevel::Warning, "Master did not reply to PSYNC, will try later");
                return self.abandon_link(false);
            }
            Stage::Placing | Stage::Announced(_) => format!("I/O error reading bulk count from MASTER: {text}"),
            // It has served.
            Stage::Receiving(receive) | Stage::Loading(receive) if apart && receive.is_complete() => return,
            Stage::Receiving(_) => format!("I/O error trying to sync with MASTER: {text}"),
            Stage::Loading(_) => {
                if self.loading_from_link() {
                    return if apart { self.load_link_ended(&text) } else { self.load_interrupted(&text) };
                }
                // The file is complete. Its stream can be continued later.
                return self.forget_link();
            }
            Stage::Streaming(_) => return self.lose_primary(true),
        };
        self.log_of_primary(LogLevel::Warning, line);
        let again = matches!(link_stage(self), Some(Stage::Receiving(_) | Stage::Announced(_)));
        self.abandon_link(again);
    }

    /// Closes the link; nothing of it counts any more. Connects anew at once if
    /// `again`, otherwise when the timer comes.
    pub(super) fn abandon_link(&mut self, again: bool) {
        self.forget_link();
        if again && let Some((host, port)) = self.primary_shown() {
            self.log_of_primary(LogLevel::Notice, format!("Reconnecting to MASTER {host}:{port} after failure"));
            self.connect_to_primary();
        }
    }

    /// Closes the link, and removes the file that was being received.
    pub(super) fn forget_link(&mut self) {
        self.forget_apart();
        let follow = &mut self.server.replication.follow;
        follow.outbox.clear();
        follow.selected = None;
        let Some(link) = follow.link.take() else { return };
        self.orders.list.push(Effect::LinkClose { link: link.id });
        match link.stage {
            Stage::Receiving(receive) => self.discard_received(receive),
            Stage::Streaming(_) => self.server.forget_client(PRIMARY),
            _ => {}
        }
    }

    /// The link over which the stream came is lost; what was applied stands, and
    /// the rest can be asked for again, unless the stream made no sense.
    pub(super) fn lose_primary(&mut self, resumable: bool) {
        let follow = &mut self.server.replication.follow;
        let Some(Link { stage: Stage::Streaming(_), .. }) = &follow.link else { return };
        follow.resumable = follow.selected.filter(|_| resumable);
        let resumable = follow.resumable.is_some();
        follow.down_since = Some(self.now.unix.seconds());
        self.log_of_primary(LogLevel::Notice, "Connection with master lost.");
        if resumable {
            self.log_of_primary(LogLevel::Notice, "Caching the disconnected master state.");
        }
        self.forget_link();
        if let Some((host, port)) = self.primary_shown() {
            self.log_of_primary(LogLevel::Notice, format!("Reconnecting to MASTER {host}:{port}"));
            self.connect_to_primary();
        }
    }

    /// Acknowledges what was applied.
    pub(super) fn acknowledge(&mut self) {
        let link = &self.server.replication.follow.link;
        if matches!(link, Some(Link { stage: Stage::Streaming(stream), .. }) if !stream.without_offsets) {
            self.put_acknowledgement();
        }
    }

    /// Tells the primary that we are there though it hears nothing from us.
    pub(crate) fn keep_link_alive(&mut self) {
        let now = self.now.monotonic;
        let follow = &mut self.server.replication.follow;
        if let Some(link) = &mut follow.link
            && now.since(link.kept_alive) >= 1_000_000
        {
            link.kept_alive = now;
            match follow.apart {
                Some(_) => self.keep_apart_alive(),
                None => follow.outbox.push(b'\n'),
            }
        }
    }
}

fn link_stage<'w>(work: &'w Work<'_>) -> Option<&'w Stage> {
    work.server.replication.follow.link.as_ref().map(|link| &link.stage)
}
