//! What is said before the data come: who we are, and where we want to go on.
//!
//! Primaries as old as 2.8 are followed too: what they do not know of the
//! greeting they answer with an error, which does no harm.

use super::{Announced, Link, Stage, failover};
use crate::boundary::effects::LogLevel;
use crate::boundary::id::DatabaseId;
use crate::config::Id;
use crate::persistence::Work;
use crate::replication::ReplicationId;
use crate::server::journal::write_request;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The answer that comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Greeting {
    pub(super) expected: Vec<Said>,
}

/// What was said to the primary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Said {
    Ping,
    Auth,
    Port,
    Address,
    Capabilities,
    Version,
    /// What a connection is for that is not the only one.
    Channel,
}

/// Appends a request.
pub(super) fn put(out: &mut Vec<u8>, arguments: &[&[u8]]) {
    write_request(arguments.len(), arguments.iter().copied(), out);
}

impl Work<'_> {
    /// The connection is made.
    pub(super) fn greet(&mut self) {
        if self.server.replication.follow.apart.is_some() {
            return self.greet_for_snapshot();
        }
        let follow = &mut self.server.replication.follow;
        put(&mut follow.outbox, &[b"PING"]);
        self.set_link_stage(Stage::Greeting(Greeting { expected: [Said::Ping].into() }));
    }

    pub(super) fn set_link_stage(&mut self, stage: Stage) {
        if let Some(link) = &mut self.server.replication.follow.link {
            link.stage = stage;
        }
    }

    /// A line came where one was expected.
    pub(super) fn line_received(&mut self, line: &[u8]) {
        let Some(Link { stage, .. }) = &mut self.server.replication.follow.link else { return };
        match stage {
            Stage::Greeting(greeting) => {
                if greeting.expected.is_empty() {
                    return;
                }
                let said = greeting.expected.remove(0);
                let done = greeting.expected.is_empty();
                self.answered(said, line, done);
            }
            Stage::Asked => self.psync_answered(line),
            Stage::Placing => self.placed(line),
            Stage::Announced(announced) => {
                let announced = *announced;
                self.size_received(announced, line);
            }
            _ => {}
        }
    }

    fn answered(&mut self, said: Said, line: &[u8], last: bool) {
        let text = String::from_utf8_lossy(line).into_owned();
        let refused = line.first() == Some(&b'-');
        match said {
            Said::Ping => {
                let harmless = [&b"+"[..], b"-NOAUTH", b"-NOPERM", b"-ERR operation not permitted"];
                if !harmless.iter().any(|prefix| line.starts_with(prefix)) {
                    self.log_of_primary(LogLevel::Warning, format!("Error reply to PING from master: '{text}'"));
                    return self.abandon_link(false);
                }
                self.log_of_primary(LogLevel::Notice, "Master replied to PING, replication can continue...");
                return self.introduce();
            }
            Said::Auth if refused => {
                self.log_of_primary(LogLevel::Warning, format!("Unable to AUTH to MASTER: {text}"));
                return self.abandon_link(false);
            }
            Said::Auth => {}
            Said::Port | Said::Address | Said::Capabilities | Said::Version if refused => {
                let what = match said {
                    Said::Port => "listening-port",
                    Said::Address => "ip-address",
                    Said::Capabilities => "capa",
                    _ => "VERSION",
                };
                let line = format!("(Non critical) Master does not understand REPLCONF {what}: {text}");
                self.log_of_primary(LogLevel::Notice, line);
            }
            Said::Channel if refused => {
                let line = format!(
                    "Server does not support sync with offset, dual channel sync approach cannot be used: {text}"
                );
                self.log_of_primary(LogLevel::Notice, line);
                return self.abandon_link(false);
            }
            _ => {}
        }
        match last {
            true if self.server.replication.follow.apart.is_some() => self.ask_for_snapshot(),
            true => self.ask_for_data(),
            false => {}
        }
    }

    /// AUTH and REPLCONF, all at once.
    fn introduce(&mut self) {
        let mut expected = Vec::new();
        self.put_authentication(&mut expected);
        let port = self.announced_port();
        let config = &self.server.config;
        let out = &mut self.server.replication.follow.outbox;
        put(out, &[b"REPLCONF", b"listening-port", port.to_string().as_bytes()]);
        expected.push(Said::Port);
        if let Some(address) = config.optional_text(Id::ReplicaAnnounceIp).filter(|text| !text.is_empty()) {
            put(out, &[b"REPLCONF", b"ip-address", address]);
            expected.push(Said::Address);
        }
        let capabilities: [&[u8]; 7] = [b"REPLCONF", b"capa", b"eof", b"capa", b"psync2", b"capa", b"dual-channel"];
        let dual = config.boolean(Id::DualChannelReplicationEnabled);
        put(out, if dual { &capabilities } else { &capabilities[..5] });
        expected.push(Said::Capabilities);
        put(out, &[b"REPLCONF", b"version", self.server.personality.version.as_bytes()]);
        expected.push(Said::Version);
        self.set_link_stage(Stage::Greeting(Greeting { expected }));
    }

    /// AUTH, if there is a password.
    pub(super) fn put_authentication(&mut self, expected: &mut Vec<Said>) {
        let config = &self.server.config;
        let out = &mut self.server.replication.follow.outbox;
        if let Some(password) = config.optional_text(Id::Masterauth).filter(|text| !text.is_empty()) {
            match config.optional_text(Id::Masteruser).filter(|text| !text.is_empty()) {
                Some(user) => put(out, &[b"AUTH", user, password]),
                None => put(out, &[b"AUTH", password]),
            }
            expected.push(Said::Auth);
        }
    }

    /// PSYNC, for what follows the data that we have.
    fn ask_for_data(&mut self) {
        let replication = &mut self.server.replication;
        let failing_over = replication.follow.failover.state == failover::State::InProgress;
        let (id, offset) = if replication.follow.resumable.is_some() {
            (replication.id.to_vec(), (replication.offset + 1).to_string())
        } else {
            (b"?".to_vec(), "-1".to_string())
        };
        let out = &mut replication.follow.outbox;
        if failing_over {
            put(out, &[b"PSYNC", &id, offset.as_bytes(), b"FAILOVER"]);
        } else {
            put(out, &[b"PSYNC", &id, offset.as_bytes()]);
        }
        let line = if replication.follow.resumable.is_some() {
            format!("Trying a partial resynchronization (request {}:{offset}).", String::from_utf8_lossy(&id))
        } else {
            String::from("Partial resynchronization not possible (no cached master)")
        };
        self.log_of_primary(LogLevel::Notice, line);
        self.set_link_stage(Stage::Asked);
    }

    fn psync_answered(&mut self, line: &[u8]) {
        if line.is_empty() {
            // The primary shows that it is there.
            return;
        }
        let text = String::from_utf8_lossy(line).into_owned();
        let dual = line.starts_with(b"+DUALCHANNELSYNC");
        let accepted = dual || line.starts_with(b"+FULLRESYNC") || line.starts_with(b"+CONTINUE");
        self.failover_answered(accepted);
        if self.server.replication.follow.link.is_none() {
            return;
        }
        if line.starts_with(b"+FULLRESYNC") {
            self.begin_full_sync(&text);
        } else if line.starts_with(b"+CONTINUE") {
            self.continue_stream(line);
        } else if dual {
            self.begin_dual_sync();
        } else if line.starts_with(b"-NOMASTERLINK") || line.starts_with(b"-LOADING") {
            let line = format!("Master is currently unable to PSYNC but should be in the future: {text}");
            self.log_of_primary(LogLevel::Notice, line);
            self.abandon_link(false);
        } else {
            let line = if line.starts_with(b"-ERR") {
                format!("Master does not support PSYNC or is in error state (reply: {text})")
            } else {
                format!("Unexpected reply to PSYNC from master: {text}")
            };
            self.log_of_primary(LogLevel::Notice, line);
            self.discard_resumable();
            self.log_of_primary(LogLevel::Notice, "Retrying with SYNC...");
            put(&mut self.server.replication.follow.outbox, &[b"SYNC"]);
            self.set_link_stage(Stage::Announced(Announced { position: None }));
        }
    }

    fn begin_full_sync(&mut self, text: &str) {
        let mut words = text.split(' ').skip(1);
        let id = words.next().and_then(|id| ReplicationId::try_from(id.as_bytes()).ok());
        let offset = words.next().and_then(|offset| offset.trim().parse::<u64>().ok());
        let position = id.zip(offset);
        match position {
            Some((id, offset)) => {
                let id = String::from_utf8_lossy(&id).into_owned();
                self.log_of_primary(LogLevel::Notice, format!("Full resync from master: {id}:{offset}"));
            }
            None => self.log_of_primary(LogLevel::Warning, "Master replied with wrong +FULLRESYNC syntax."),
        }
        self.discard_resumable();
        self.set_link_stage(Stage::Announced(Announced { position }));
    }

    /// What follows does not continue what we have.
    pub(super) fn discard_resumable(&mut self) {
        if self.server.replication.follow.resumable.take().is_some() {
            self.log_of_primary(LogLevel::Notice, "Discarding previously cached master state.");
        }
    }

    fn continue_stream(&mut self, line: &[u8]) {
        self.log_of_primary(LogLevel::Notice, "Successful partial resynchronization with master.");
        let Some(database) = self.server.replication.follow.resumable.take() else {
            self.log_of_primary(LogLevel::Warning, "The primary continues a stream that was not asked for.");
            return self.abandon_link(false);
        };
        let id = line.strip_prefix(b"+CONTINUE ").map(<[u8]>::trim_ascii);
        if let Some(id) = id.and_then(|id| ReplicationId::try_from(id).ok())
            && id != self.server.replication.id
        {
            let shown = String::from_utf8_lossy(&id).into_owned();
            self.log_of_primary(LogLevel::Notice, format!("Master replication ID changed to {shown}"));
            self.rename_history(id);
        }
        let line = "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.";
        let database = if cfg!(feature = "planted_selected_database") { DatabaseId(0) } else { database };
        self.begin_streaming(database, false);
        self.log_of_primary(LogLevel::Notice, line);
    }
}
