//! Configuration as a table: what may be configured, what is, and the three ways to say it (CONFIG SET, the file, the command line).
//!
//! ```text
//! table/*      every parameter once: name, aliases, kind, flags        Id, Parameter
//! parse.rs     arguments -> Value, or a Fault                          value.rs formats it back
//! get.rs       CONFIG GET                    set.rs      CONFIG SET, all or nothing, with an undo
//! file.rs      the file, line by line        rewrite.rs  CONFIG REWRITE, a function of the old text
//! command_line.rs  argv as more lines of the file
//! ```
//!
//! This module stores and checks values; it puts nothing into effect. Who sets a parameter learns which ones changed and does
//! what follows, and can take the change back when that fails. It opens no file: text goes in, text comes out.

mod choice;
mod command_line;
mod fault;
mod file;
mod get;
mod image;
mod keyspace_event;
mod parameter;
mod parse;
#[cfg(test)]
mod reference;
mod rewrite;
mod rule;
mod set;
mod table;
mod value;

use alloc::boxed::Box;
use alloc::vec::Vec;

pub use choice::{
    AclPubsubDefault, AppendFsync, Choice, ChoiceName, ClusterConfigSave, DisklessLoad, LogFormat, LogLevel,
    LogTimestampFormat, MaxmemoryPolicy, OomScoreAdjustment, PreferredEndpoint, PropagationError, Protection,
    RdbVersionCheck, SanitizeDumpPayload, ShutdownOptions, Supervised, SyslogFacility, TlsAuthClients,
    TlsAuthClientsUser,
};
pub use command_line::{CommandLine, argv_to_text};
pub use fault::Fault;
pub use file::{Directive, Directives, FileError, FileFault, IncludeReader, Loaded, directives};
pub use keyspace_event::KeyspaceEvents;
pub use parameter::{Flags, Kind, Parameter};
pub use rewrite::{RunningState, rewrite};
pub use rule::TextRule;
pub use set::{Circumstances, SetError, Undo};
pub use table::{COUNT, Id};
pub(crate) use value::format_percentile;
pub use value::{CLIENT_CLASS_NAMES, CLIENT_CLASSES, MemoryLimit, OutputBufferLimit, PrimaryAddress, SavePoint, Value};

/// The value of every parameter.
///
/// A getter asked for a parameter of another kind panics: that is a bug of the caller, no input can cause it.
#[derive(Clone, Debug)]
pub struct Config {
    values: Box<[Value; COUNT]>,
    /// Defaults are those of Valkey.
    of_valkey: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config::new()
    }
}

/// Valkey frees what it deletes elsewhere, and keeps a longer backlog, unless it is told otherwise.
fn default_value(id: Id, of_valkey: bool) -> Value {
    match id {
        Id::LazyfreeLazyEviction
        | Id::LazyfreeLazyExpire
        | Id::LazyfreeLazyServerDel
        | Id::LazyfreeLazyUserDel
        | Id::LazyfreeLazyUserFlush
        | Id::ReplicaLazyFlush
            if of_valkey =>
        {
            Value::Boolean(true)
        }
        Id::ReplBacklogSize if of_valkey => Value::Bytes(10 << 20),
        Id::SyslogIdent if of_valkey => Value::Text(Some(b"valkey".to_vec())),
        _ => Value::default_of(&id.parameter().kind),
    }
}

/// The one arm of a getter that yields, and the panic for all other kinds of value.
macro_rules! expect {
    ($config:expr, $id:expr, $pattern:pat => $result:expr) => {
        match $config.value($id) {
            $pattern => $result,
            _ => wrong_kind($id),
        }
    };
}

impl Config {
    /// Every parameter at its default, as Redis has it.
    pub fn new() -> Config {
        Config::at_defaults(false)
    }

    /// Every parameter at its default, as the server has it by whose name it was started.
    pub fn at_defaults(of_valkey: bool) -> Config {
        let values: Vec<Value> = Id::ALL.iter().map(|&id| default_value(id, of_valkey)).collect();
        let Ok(values) = values.into_boxed_slice().try_into() else { unreachable!("one value a parameter") };
        Config { values, of_valkey }
    }

    /// True if a parameter has the value that it has when nobody gave it one.
    pub fn is_default(&self, id: Id) -> bool {
        *self.value(id) == default_value(id, self.of_valkey)
    }

    /// The value of a parameter of any kind.
    #[inline]
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id as usize]
    }

    /// Stores a value that did not come from a user, such as the directory the process started in or the primary that
    /// REPLICAOF named, and returns the previous one. Neither bounds nor flags are looked at.
    ///
    /// # Panics
    /// When the value is not of the parameter's kind.
    pub fn assign(&mut self, id: Id, value: Value) -> Value {
        let slot = &mut self.values[id as usize];
        assert!(core::mem::discriminant(slot) == core::mem::discriminant(&value), "{id:?} holds another kind of value");
        core::mem::replace(slot, value)
    }

    /// A `yes` or `no`.
    #[inline]
    pub fn boolean(&self, id: Id) -> bool {
        expect!(self, id, Value::Boolean(value) => *value)
    }

    /// A number, octal ones too.
    #[inline]
    pub fn integer(&self, id: Id) -> i64 {
        expect!(self, id, Value::Integer(value) => *value)
    }

    /// A number that is never negative.
    #[inline]
    pub fn unsigned(&self, id: Id) -> u64 {
        self.integer(id).unsigned_abs()
    }

    /// A number of bytes.
    #[inline]
    pub fn bytes(&self, id: Id) -> u64 {
        expect!(self, id, Value::Bytes(value) => *value)
    }

    /// A choice as the variant it is, as in `config.chosen::<AppendFsync>(Id::Appendfsync)`.
    #[inline]
    pub fn chosen<C: Choice>(&self, id: Id) -> C {
        debug_assert!(
            matches!(id.parameter().kind, Kind::Choice { names, .. } if names == C::NAMES),
            "{id:?} is another choice"
        );
        C::from_number(self.choice(id))
    }

    /// A choice as its number, or the united bits of several.
    #[inline]
    pub fn choice(&self, id: Id) -> u32 {
        expect!(self, id, Value::Choice(value) => *value)
    }

    /// A text, empty when it is not set.
    #[inline]
    pub fn text(&self, id: Id) -> &[u8] {
        self.optional_text(id).unwrap_or_default()
    }

    /// A text, or `None` when it is not set.
    #[inline]
    pub fn optional_text(&self, id: Id) -> Option<&[u8]> {
        expect!(self, id, Value::Text(value) => value.as_deref())
    }

    /// `save`.
    pub fn save_points(&self) -> &[SavePoint] {
        expect!(self, Id::Save, Value::SavePoints(value) => value)
    }

    /// `bind`. An address that begins with a hyphen may be missing on the machine; `*` and `::*` mean all.
    pub fn binds(&self) -> &[Vec<u8>] {
        expect!(self, Id::Bind, Value::Addresses(value) => value)
    }

    /// `client-output-buffer-limit`, in the order of [`CLIENT_CLASS_NAMES`].
    pub fn output_buffer_limits(&self) -> &[OutputBufferLimit; CLIENT_CLASSES] {
        expect!(self, Id::ClientOutputBufferLimit, Value::OutputBufferLimits(value) => value)
    }

    /// `oom-score-adj-values`: primary, replica, background child.
    pub fn oom_scores(&self) -> [i32; 3] {
        expect!(self, Id::OomScoreAdjValues, Value::OomScores(value) => *value)
    }

    /// `notify-keyspace-events`.
    #[inline]
    pub fn keyspace_events(&self) -> KeyspaceEvents {
        expect!(self, Id::NotifyKeyspaceEvents, Value::KeyspaceEvents(value) => *value)
    }

    /// `replicaof`, as configured or last assigned.
    pub fn primary(&self) -> Option<&PrimaryAddress> {
        expect!(self, Id::Replicaof, Value::Primary(value) => value.as_deref())
    }

    /// `latency-tracking-info-percentiles`.
    pub fn percentiles(&self) -> &[f64] {
        expect!(self, Id::LatencyTrackingInfoPercentiles, Value::Percentiles(value) => value)
    }

    /// `maxmemory-clients` in bytes, zero for no limit.
    pub fn client_memory_max(&self) -> u64 {
        let limit = expect!(self, Id::MaxmemoryClients, Value::MemoryLimit(value) => *value);
        limit.bytes(self.bytes(Id::Maxmemory))
    }

    /// What the signal that `id` configures asks of SHUTDOWN.
    pub fn shutdown_options(&self, id: Id) -> ShutdownOptions {
        ShutdownOptions(self.choice(id))
    }

    /// How many databases there are: `cluster-databases` in cluster mode, `databases` otherwise.
    pub fn database_count(&self) -> u64 {
        self.unsigned(if self.boolean(Id::ClusterEnabled) { Id::ClusterDatabases } else { Id::Databases })
    }

    /// The value of a parameter as CONFIG GET answers it.
    pub fn format(&self, id: Id) -> Vec<u8> {
        self.value(id).format(id.parameter())
    }
}

#[cold]
#[inline(never)]
fn wrong_kind(id: Id) -> ! {
    unreachable!("{} is of another kind", id.parameter().name)
}
