//! A connection described in one line: CLIENT LIST, CLIENT INFO, log lines.

use crate::boundary::time::{Monotonic, Now};
use crate::resp::reply::Protocol;
use crate::server::Server;
use crate::server::personality::Personality;
use crate::session::Session;
use crate::session::class::Class;
use crate::session::subscription::Kind;
use alloc::string::String;
use core::fmt::Write;

impl Server {
    /// Appends the line that describes a connection, without a line break.
    pub fn describe_client(&self, session: &Session, now: Now, line: &mut String) {
        // Writing into a string can't fail.
        let _ = self.write_client(session, now, line);
    }

    fn write_client(&self, session: &Session, now: Now, line: &mut String) -> core::fmt::Result {
        let text = String::from_utf8_lossy;
        let seconds = |since: Monotonic| now.monotonic.since(since) / 1_000_000;
        let valkey = self.personality == Personality::VALKEY;
        let connection = &session.connection;
        write!(line, "id={} addr={} laddr={}", session.id.0, connection.peer, connection.local)?;
        write!(line, " fd={} name={}", connection.descriptor, text(&session.name))?;
        write!(line, " age={} idle={}", seconds(session.created), seconds(session.last_interaction))?;
        line.push_str(" flags=");
        self.write_flags(session, line);
        write!(line, " db={}", session.database.0)?;
        let counts = [Kind::Channel, Kind::Pattern, Kind::Shard].map(|kind| session.subscription_count(kind));
        write!(line, " sub={} psub={} ssub={}", counts[0], counts[1], counts[2])?;
        match &session.transaction {
            Some(transaction) => write!(line, " multi={}", transaction.queue().len())?,
            None => line.push_str(" multi=-1"),
        }
        if valkey {
            write!(line, " watch={}", session.watching.len())?;
        }
        // What runs counts as buffered in 7.2; Valkey has it in a buffer that all clients share.
        let executing = if valkey { 0 } else { session.executing };
        write!(line, " qbuf={} qbuf-free=0", session.query_buffer + executing)?;
        let queued = session.transaction.as_ref().map_or(0, |transaction| transaction.argument_bytes());
        write!(line, " argv-mem={} multi-mem={queued}", session.argument_bytes)?;
        let pending = session.reply_buffer.divide(session.output_pending());
        write!(line, " rbs={} rbp={}", session.reply_buffer.size, session.reply_buffer.peak)?;
        write!(line, " obl={} oll={} omem={}", pending.buffered, pending.blocks, pending.list_bytes)?;
        write!(line, " tot-mem={}", session.memory())?;
        write!(line, " events={}", if session.output_stuck() > 0 { "rw" } else { "r" })?;
        match session.last_command {
            Some(id) => write!(line, " cmd={}", self.commands.full_name(id))?,
            None => line.push_str(" cmd=NULL"),
        }
        let protocol = if session.protocol == Protocol::Resp2 { 2 } else { 3 };
        write!(line, " user=default redir=-1 resp={protocol}")?;
        write!(line, " lib-name={} lib-ver={}", text(&session.library_name), text(&session.library_version))?;
        if valkey {
            write!(line, " tot-net-in={} tot-net-out={}", session.received, session.sent)?;
            write!(line, " tot-cmds={}", session.commands)?;
        }
        Ok(())
    }

    /// The letters of what applies to a connection.
    pub fn write_flags(&self, session: &Session, line: &mut String) {
        let start = line.len();
        let flags = [
            (session.class() == Class::Primary, 'M'),
            (session.class() == Class::Replica, 'S'),
            (session.class() == Class::Pubsub, 'P'),
            (session.transaction.is_some(), 'x'),
            (session.waiting.is_some(), 'b'),
            (self.watches.is_broken(session.id), 'd'),
            (session.closing, 'c'),
            (session.connection.unix_socket, 'U'),
            (session.no_evict, 'e'),
            (session.no_touch, 'T'),
            (session.import_source, 'I'),
        ];
        line.extend(flags.iter().filter(|(applies, _)| *applies).map(|(_, letter)| *letter));
        if line.len() == start {
            line.push('N');
        }
    }
}
