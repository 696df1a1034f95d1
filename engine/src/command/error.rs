//! Errors that a client sees, each written once.

use crate::base::number::parse_i64;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Why a command failed. `Display` is the reply without its leading `-`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each says itself what the client is told")]
pub enum Error {
    WrongType,
    Syntax,
    NotInteger,
    NotFloat,
    OutOfRange,
    /// Of an integer of which the least possible is none.
    OutOfSymmetricRange,
    NotPositive,
    IndexOutOfRange,
    NoSuchKey,
    SameObject,
    TooLong,
    Overflow,
    DecrementOverflow,
    NotANumber,
    OffsetOutOfRange,
    InvalidExpire {
        command: String,
    },
    InvalidDatabase,
    DatabaseOutOfRange,
    InvalidFirstDatabase,
    InvalidSecondDatabase,
    InvalidCursor,
    Arity {
        command: String,
    },
    UnknownCommand {
        name: Vec<u8>,
        arguments: Vec<u8>,
    },
    UnknownSubcommand {
        subcommand: Vec<u8>,
        command: Vec<u8>,
    },
    NoAuth,
    WrongPass,
    NoPasswordSet,
    OutOfMemory,
    WritesRefused {
        server: &'static str,
    },
    AofFails {
        reason: String,
    },
    Loading {
        server: &'static str,
    },
    ReadOnly,
    PrimaryDown,
    NestedMulti,
    WatchInMulti,
    NotInMulti {
        command: &'static str,
    },
    ExecAbort {
        reason: Option<String>,
    },
    NotInTransaction,
    InSubscription {
        command: String,
    },
    NoReplicas,
    NoProtocol,
    ProtocolVersion,
    /// Any error whose text is stated where it arises, once: code and text.
    Text(&'static str),
    /// Likewise, with parts that the client sent.
    Formatted(String),
    /// Likewise, as they came.
    Raw(Vec<u8>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Error::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Error::Syntax => "ERR syntax error",
            Error::NotInteger => "ERR value is not an integer or out of range",
            Error::NotFloat => "ERR value is not a valid float",
            Error::OutOfRange => "ERR value is out of range",
            Error::OutOfSymmetricRange => {
                "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"
            }
            Error::NotPositive => "ERR value is out of range, must be positive",
            Error::IndexOutOfRange => "ERR index out of range",
            Error::NoSuchKey => "ERR no such key",
            Error::SameObject => "ERR source and destination objects are the same",
            Error::TooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            Error::Overflow => "ERR increment or decrement would overflow",
            Error::DecrementOverflow => "ERR decrement would overflow",
            Error::NotANumber => "ERR increment would produce NaN or Infinity",
            Error::OffsetOutOfRange => "ERR offset is out of range",
            Error::InvalidExpire { command } => return write!(f, "ERR invalid expire time in '{command}' command"),
            Error::InvalidDatabase => "ERR invalid DB index",
            Error::DatabaseOutOfRange => "ERR DB index is out of range",
            Error::InvalidFirstDatabase => "ERR invalid first DB index",
            Error::InvalidSecondDatabase => "ERR invalid second DB index",
            Error::InvalidCursor => "ERR invalid cursor",
            Error::Arity { command } => {
                return write!(f, "ERR wrong number of arguments for '{command}' command");
            }
            Error::UnknownCommand { .. } | Error::UnknownSubcommand { .. } | Error::Raw(_) => {
                return f.write_str(&String::from_utf8_lossy(&self.to_bytes()));
            }
            Error::NoAuth => "NOAUTH Authentication required.",
            Error::WrongPass => "WRONGPASS invalid username-password pair or user is disabled.",
            Error::NoPasswordSet => {
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?"
            }
            Error::OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
            Error::WritesRefused { server } => {
                return write!(
                    f,
                    "MISCONF {server} is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                     Commands that may modify the data set are disabled, because this instance is configured to report \
                     errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check \
                     the {server} logs for details about the RDB error.",
                );
            }
            Error::AofFails { reason } => return write!(f, "MISCONF Errors writing to the AOF file: {reason}"),
            Error::Loading { server } => return write!(f, "LOADING {server} is loading the dataset in memory"),
            Error::ReadOnly => "READONLY You can't write against a read only replica.",
            Error::PrimaryDown => "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            Error::NestedMulti => "ERR MULTI calls can not be nested",
            Error::WatchInMulti => "ERR WATCH inside MULTI is not allowed",
            Error::NotInMulti { command } => return write!(f, "ERR {command} without MULTI"),
            Error::ExecAbort { reason: None } => "EXECABORT Transaction discarded because of previous errors.",
            Error::ExecAbort { reason: Some(reason) } => {
                return write!(f, "EXECABORT Transaction discarded because of: {reason}");
            }
            Error::NoReplicas => "NOREPLICAS Not enough good replicas to write.",
            Error::InSubscription { command } => {
                return write!(
                    f,
                    "ERR Can't execute '{command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                     allowed in this context"
                );
            }
            Error::NotInTransaction => "ERR Command not allowed inside a transaction",
            Error::NoProtocol => "NOPROTO unsupported protocol version",
            Error::ProtocolVersion => "ERR Protocol version is not an integer or out of range",
            Error::Text(text) => text,
            Error::Formatted(text) => text,
        };
        f.write_str(text)
    }
}

impl Error {
    /// Parses an integer that can be negated.
    ///
    /// # Errors
    /// If it is none.
    pub fn negatable(text: &[u8]) -> Result<i64, Error> {
        let number = parse_i64(text).ok_or(Error::NotInteger)?;
        if number == i64::MIN { Err(Error::OutOfSymmetricRange) } else { Ok(number) }
    }

    /// The reply without its leading `-`; what the client sent stands in it as it
    /// came.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Error::UnknownCommand { name, arguments } => {
                [b"ERR unknown command '", &name[..], b"', with args beginning with: ", arguments].concat()
            }
            Error::UnknownSubcommand { subcommand, command } => {
                [b"ERR unknown subcommand '", &subcommand[..], b"'. Try ", command, b" HELP."].concat()
            }
            Error::Raw(text) => text.clone(),
            _ => format!("{self}").into_bytes(),
        }
    }
}
