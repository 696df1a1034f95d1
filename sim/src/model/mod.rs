//! What replies must be, by a model of plain collections: for the commands that
//! it knows. Of keys that other commands may have changed it knows nothing until
//! they are set anew.
//!
//! It looks at requests in the order in which they were executed, each with its
//! reply: what the reply says about success is believed, the rest is checked.

mod commands;
mod data;

use crate::reply::Reply;
use data::{Data, Database};
use engine::boundary::id::ClientId;
use engine::command::dispatch::key_indices;
use engine::command::spec::{Command, Flags};
use engine::command::table::CommandTable;
use engine::commands::COMMANDS;
use engine::resp::request::OwnedArguments;
use std::collections::BTreeMap;

/// The model of a server.
pub struct Model {
    table: CommandTable,
    data: Data,
    clients: BTreeMap<ClientId, Client>,
    /// Keys that may change at any time: what clients wait for changes them.
    awaited: BTreeMap<ClientId, Vec<Vec<u8>>>,
    checked: u64,
    fault: Option<String>,
}

#[derive(Default)]
struct Client {
    database: u32,
    queue: Vec<Vec<Vec<u8>>>,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            table: CommandTable::new(COMMANDS),
            data: Data::default(),
            clients: BTreeMap::new(),
            awaited: BTreeMap::new(),
            checked: 0,
            fault: None,
        }
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model").field("checked", &self.checked).field("fault", &self.fault).finish_non_exhaustive()
    }
}

/// What a known command's reply must be.
pub(crate) enum Expected {
    /// Exactly this.
    Reply(Reply),
    /// The model can't tell.
    Any,
}

/// A request that succeeded, as the commands of the model see it.
pub(crate) struct Call<'a> {
    /// The arguments behind the name.
    pub arguments: &'a [&'a [u8]],
    /// The reply.
    pub reply: &'a Reply,
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// The selected database.
    pub database: &'a mut Database,
}

impl Model {
    /// Replies that were foretold.
    pub fn checked(&self) -> u64 {
        self.checked
    }

    /// What was wrong, once.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }

    /// Notes that something is wrong; the first counts.
    pub fn fail(&mut self, fault: String) {
        self.fault.get_or_insert(fault);
    }

    /// The wall clock was set: what has expired is not known.
    pub fn clock_jumped(&mut self) {
        self.data.forget_volatile();
    }

    /// A client is gone.
    pub fn closed(&mut self, client: ClientId) {
        self.clients.remove(&client);
        self.awaited.remove(&client);
    }

    /// The server has been started again: what it had saved is not known.
    pub fn restarted(&mut self) {
        self.data.forget_all();
        self.clients.clear();
        self.awaited.clear();
    }

    /// A request has begun whose reply comes later.
    pub fn put_off(&mut self, client: ClientId, request: &[&[u8]]) {
        let name = request.first().map_or(Vec::new(), |name| name.to_ascii_lowercase());
        if name == b"exec" {
            self.clients.entry(client).or_default().queue.clear();
        }
        if !matches!(&name[..], b"save" | b"bgsave" | b"shutdown") && !harmless_debug(request) {
            self.data.forget_all();
        }
        let Some(id) = self.table.find(&name) else { return };
        let owned: OwnedArguments = request.iter().copied().collect();
        if let Some(indices) = key_indices(self.table.command(id), &owned.as_arguments()) {
            self.awaited.insert(client, indices.into_iter().map(|index| request[index].to_vec()).collect());
        }
    }

    /// Who waits may have been served.
    fn forget_awaited(&mut self) {
        self.awaited.values().flatten().for_each(|key| self.data.forget_everywhere(key));
    }

    /// A request was executed.
    pub fn observe(&mut self, client: ClientId, request: &[&[u8]], reply: &Reply, now_ms: i64) {
        let name = request.first().map_or(Vec::new(), |name| name.to_ascii_lowercase());
        if *reply == Reply::Simple(b"QUEUED".to_vec()) {
            let owned = request.iter().map(|argument| argument.to_vec()).collect();
            self.clients.entry(client).or_default().queue.push(owned);
            return;
        }
        match &name[..] {
            b"exec" => self.executed(client, reply, now_ms),
            b"multi" | b"discard" | b"reset" if !reply.is_error() => {
                self.clients.entry(client).or_default().queue.clear()
            }
            _ => {}
        }
        if name == b"reset" && !reply.is_error() {
            self.clients.entry(client).or_default().database = 0;
        }
        self.check(client, &name, request, reply, now_ms);
        // It may still wait: replies that it got before are observed later than that it began to.
        self.forget_awaited();
    }

    fn executed(&mut self, client: ClientId, reply: &Reply, now_ms: i64) {
        let queue = std::mem::take(&mut self.clients.entry(client).or_default().queue);
        let Reply::Array(replies) = reply else { return };
        if replies.len() != queue.len() {
            return self.fail(format!("EXEC of {} requests has {} replies", queue.len(), replies.len()));
        }
        for (request, reply) in queue.iter().zip(replies) {
            let request: Vec<&[u8]> = request.iter().map(Vec::as_slice).collect();
            let name = request[0].to_ascii_lowercase();
            self.check(client, &name, &request, reply, now_ms);
        }
    }

    fn check(&mut self, client: ClientId, name: &[u8], request: &[&[u8]], reply: &Reply, now_ms: i64) {
        // An error has changed nothing.
        if reply.is_error() {
            return;
        }
        let selected = self.clients.entry(client).or_default().database;
        let expected = match self.server_command(client, name, &request[1..]) {
            Some(expected) => expected,
            None => {
                let database = self.data.database(selected);
                let call = Call { arguments: &request[1..], reply, now_ms, database };
                match commands::find(name) {
                    Some(known) => known(call),
                    None => return self.unknown(name, request),
                }
            }
        };
        let Some(expected) = expected else { return self.unknown(name, request) };
        if let Expected::Reply(expected) = expected {
            self.checked += 1;
            if expected != *reply {
                let request: Vec<_> = request.iter().map(|argument| argument.escape_ascii().to_string()).collect();
                self.fail(format!("{request:?} at {now_ms}: expected {expected:?}, got {reply:?}"));
            }
        }
    }

    /// Commands beyond one database. `None` if it is none of them.
    fn server_command(&mut self, client: ClientId, name: &[u8], arguments: &[&[u8]]) -> Option<Option<Expected>> {
        let number =
            |at: usize| std::str::from_utf8(arguments.get(at).copied().unwrap_or(b"")).ok()?.parse::<u32>().ok();
        let selected = self.clients.entry(client).or_default().database;
        match name {
            b"select" => self.clients.entry(client).or_default().database = number(0)?,
            b"flushall" => self.data.clear(),
            b"flushdb" => self.data.database(selected).clear(),
            b"swapdb" => self.data.swap(number(0)?, number(1)?),
            _ => return None,
        }
        Some(Some(Expected::Reply(Reply::Simple(b"OK".to_vec()))))
    }

    /// A command that the model does not know: nor what it wrote.
    fn unknown(&mut self, name: &[u8], request: &[&[u8]]) {
        let Some(mut id) = self.table.find(name) else { return };
        if let Some(subcommand) = request.get(1).and_then(|name| self.table.find_subcommand(id, name)) {
            id = subcommand;
        }
        let command: &Command = self.table.command(id);
        let may_write =
            command.flags.has(Flags::WRITE.and(Flags::MAY_REPLICATE)) || name == b"debug" && !harmless_debug(request);
        if !may_write {
            return;
        }
        let owned: OwnedArguments = request.iter().copied().collect();
        match key_indices(command, &owned.as_arguments()) {
            // MOVE and COPY write under the same name elsewhere.
            Some(indices) if !indices.is_empty() => {
                for index in indices {
                    self.data.forget_everywhere(request[index]);
                }
            }
            _ => self.data.forget_all(),
        }
    }
}

/// DEBUG that leaves all data as they are; RELOAD saves them and loads them.
fn harmless_debug(request: &[&[u8]]) -> bool {
    let subcommands: [&[u8]; 7] =
        [b"set-active-expire", b"sleep", b"reload", b"object", b"digest", b"change-repl-id", b"stringmatch-len"];
    let is_debug = request.first().is_some_and(|name| name.eq_ignore_ascii_case(b"debug"));
    let subcommand = request.get(1).copied().unwrap_or_default();
    let reloads_in_part = subcommand.eq_ignore_ascii_case(b"reload") && request.len() > 2;
    is_debug && !reloads_in_part && subcommands.iter().any(|known| subcommand.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by seed 531: replies that a client got before it began to wait are
    /// observed after that.
    #[test]
    fn who_waits_may_be_served_at_any_time() {
        let mut model = Model::default();
        let ok = Reply::Simple(b"OK".to_vec());
        let words = |line: &'static str| line.split(' ').map(str::as_bytes).collect::<Vec<_>>();
        let (waits, other) = (ClientId(1), ClientId(2));
        model.put_off(waits, &words("BLMOVE a b LEFT LEFT 0"));
        model.observe(waits, &words("SET c 1"), &ok, 0);
        model.observe(other, &words("FLUSHALL"), &ok, 0);
        model.observe(other, &words("RPUSH a x"), &Reply::Integer(1), 0);
        model.observe(other, &words("RENAME b d"), &ok, 0);
        assert_eq!(model.take_fault(), None);
        model.closed(waits);
        model.observe(other, &words("FLUSHALL"), &ok, 0);
        model.observe(other, &words("RENAME b d"), &ok, 0);
        assert!(model.take_fault().is_some());
    }
}
