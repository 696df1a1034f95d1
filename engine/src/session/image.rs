//! Connections in an image.

use super::class::Class;
use super::subscription::Kind;
use super::transaction::Transaction;
use super::watch::WatchedKey;
use super::{ReplyMode, Session, Waiting};
use crate::base::image::{Damaged, Image, Tape};
use crate::boundary::id::DatabaseId;
use crate::boundary::time::Now;
use crate::replication::replica::Handshake;
use crate::resp::reply::Protocol;
use alloc::boxed::Box;

impl Image for Session {
    fn blank() -> Session {
        Session::internal(Now::default())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Session {
            id,
            class,
            connection,
            name,
            library_name,
            library_version,
            database,
            protocol,
            authenticated,
            no_touch,
            no_evict,
            import_source,
            takes_redirects,
            reply_mode,
            transaction,
            watching,
            watched_bytes,
            subscriptions,
            closing,
            waiting,
            blocked,
            created,
            last_interaction,
            last_command,
            commands,
            received,
            sent,
            written,
            query_buffer,
            executing,
            output_start,
            unsent,
            argument_bytes,
            reply_buffer,
            over_soft_limit_since,
            dropped,
            handshake,
            write_offset,
        } = self;
        tape.each([id, class, connection, name, library_name, library_version, database, protocol, authenticated])?;
        tape.each([
            no_touch,
            no_evict,
            import_source,
            takes_redirects,
            reply_mode,
            transaction,
            watching,
            watched_bytes,
        ])?;
        tape.each([subscriptions, closing, waiting, blocked, created, last_interaction, last_command, commands])?;
        tape.each([
            received,
            sent,
            written,
            query_buffer,
            executing,
            output_start,
            unsent,
            argument_bytes,
            reply_buffer,
        ])?;
        tape.each([over_soft_limit_since, dropped, handshake, write_offset])
    }
}

impl Image for Class {
    fn blank() -> Class {
        Class::Normal
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Class::Normal, Class::Replica, Class::Pubsub, Class::Primary])
    }
}

impl Image for ReplyMode {
    fn blank() -> ReplyMode {
        ReplyMode::On
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [ReplyMode::On, ReplyMode::Off, ReplyMode::SkipNext, ReplyMode::Skip])
    }
}

impl Image for Waiting {
    fn blank() -> Waiting {
        Waiting::Turn
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Waiting::Turn, Waiting::Result])
    }
}

impl Image for Protocol {
    fn blank() -> Protocol {
        Protocol::Resp2
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [Protocol::Resp2, Protocol::Resp3])
    }
}

impl Image for Kind {
    fn blank() -> Kind {
        Kind::Channel
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, Kind::ALL)
    }
}

impl Image for Transaction {
    fn blank() -> Transaction {
        Transaction::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Transaction { queue, bytes, aborted } = self;
        tape.each([queue, bytes, aborted])
    }
}

impl Image for WatchedKey {
    fn blank() -> WatchedKey {
        WatchedKey { database: DatabaseId(0), key: Box::default() }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let WatchedKey { database, key } = self;
        tape.each([database, key])
    }
}

impl Image for Handshake {
    fn blank() -> Handshake {
        Handshake::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Handshake {
            port,
            address,
            reads_to_mark,
            takes_new_id,
            version,
            file_only,
            without_keys,
            takes_two_connections,
            for_snapshot,
            snapshot_client,
        } = self;
        tape.each([port, address, reads_to_mark, takes_new_id, version, file_only, without_keys])?;
        tape.each([takes_two_connections, for_snapshot, snapshot_client])
    }
}
