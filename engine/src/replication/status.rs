//! What INFO and ROLE tell of replicas.

use crate::boundary::time::Now;
use crate::replication::Replication;
use crate::replication::blocks::Blocks;
use crate::replication::replica::{Replica, State};
use crate::resp::reply::Reply;
use alloc::format;
use alloc::string::String;

/// INFO's word for what a connection is to its replica.
fn type_name(replica: &Replica) -> &'static str {
    match replica.state {
        _ if replica.handshake.for_snapshot => "rdb-channel",
        State::BackgroundLoad => "main-channel",
        _ => "replica",
    }
}

/// What INFO tells of the backlog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct BacklogFigures {
    /// `repl_backlog_active`.
    pub(crate) active: bool,
    /// `repl_backlog_first_byte_offset`: the offset of the first byte is 1.
    pub(crate) first_offset: u64,
    /// `repl_backlog_histlen`.
    pub(crate) length: u64,
}

impl Replication {
    /// `connected_slaves`.
    pub(crate) fn replica_count(&self) -> u64 {
        self.replicas.len() as u64
    }

    /// What INFO tells of the backlog.
    pub(crate) fn backlog_figures(&self) -> BacklogFigures {
        self.backlog.as_ref().map_or_else(BacklogFigures::default, |backlog: &Blocks| BacklogFigures {
            active: true,
            first_offset: backlog.start() + 1,
            length: backlog.len(),
        })
    }

    /// INFO's lines of replicas.
    pub(crate) fn replica_lines(&self, now: Now, with_type: bool) -> String {
        let mut lines = String::new();
        for (index, replica) in self.replicas.iter().enumerate() {
            lines += &format!(
                "slave{index}:ip={},port={},state={},offset={},lag={}{}\r\n",
                replica.address,
                replica.handshake.port,
                replica.state_name(),
                replica.acknowledged,
                replica.lag(now),
                if with_type { format!(",type={}", type_name(replica)) } else { String::new() }
            );
        }
        lines
    }

    /// ROLE's reply of a primary.
    pub(crate) fn reply_primary_role(&self, reply: &mut Reply<'_>) {
        let online = || self.replicas.iter().filter(|replica| replica.is_online());
        reply.array(3);
        reply.bulk(b"master");
        reply.integer(self.offset as i64);
        reply.array(online().count());
        for replica in online() {
            reply.array(3);
            reply.bulk(replica.address.as_bytes());
            reply.bulk_integer(replica.handshake.port.into());
            reply.bulk_integer(replica.acknowledged as i64);
        }
    }

    /// True if a shutdown need not wait: all replicas that are online have all.
    pub(crate) fn replicas_have_all(&self) -> bool {
        self.replicas.iter().all(|replica| replica.state != State::Online || replica.acknowledged >= self.offset)
    }

    /// For the log at the end: a line for each replica that lacks something, and
    /// one for all.
    pub(crate) fn lag_lines(&self, now: Now) -> impl Iterator<Item = String> {
        let online = || self.replicas.iter().filter(|replica| replica.is_online());
        let behind = online().filter(|replica| replica.acknowledged < self.offset);
        let lines = behind.clone().map(move |replica| {
            format!(
                "Lagging replica {} reported offset {} behind master, lag={}, state={}.",
                replica.name,
                self.offset - replica.acknowledged,
                replica.lag(now),
                replica.state_name()
            )
        });
        let count = self.replicas.len();
        let last = format!("{} of {count} replicas are in sync when shutting down.", count - behind.clone().count());
        lines.chain((count > 0).then_some(last))
    }
}
