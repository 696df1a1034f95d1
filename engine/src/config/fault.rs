//! Why a value is refused: one variant a reason, and the words that a client reads, written once.
//!
//! Most reasons come from parsing; the last ones are for the engine to use when a valid value cannot be put into effect.

use alloc::string::String;
use core::fmt;

use super::choice::ChoiceName;

/// A reason to refuse a value. [`fmt::Display`] gives the text that follows the dash in an error of CONFIG SET and stands
/// alone under a line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not a boolean.
    NotYesOrNo,
    /// Not a decimal number.
    NotInteger,
    /// Not a number of bytes.
    NotBytes,
    /// Neither a number of bytes nor a percentage.
    NotBytesOrPercent,
    /// Not a number in base eight.
    NotOctal,
    /// Below or above the bounds.
    OutOfRange {
        /// Smallest accepted value.
        lower: i128,
        /// Largest accepted value.
        upper: i128,
    },
    /// Above the bound, which is shown in base eight.
    OctalOutOfRange {
        /// Largest accepted value.
        upper: i64,
    },
    /// More percent than accepted.
    TooManyPercent {
        /// Largest accepted percentage.
        upper: u64,
    },
    /// None of the names.
    NotOneOf(&'static [ChoiceName]),
    /// Too few or too many arguments.
    ArgumentCount,
    /// `dbfilename` has a directory.
    SnapshotNameIsPath,
    /// `appendfilename` is empty.
    AppendFileNameEmpty,
    /// `appendfilename` has a directory.
    AppendFileNameIsPath,
    /// `appenddirname` is empty.
    AppendDirectoryNameEmpty,
    /// `appenddirname` has a parent.
    AppendDirectoryNameIsPath,
    /// `cluster-config-file` is empty.
    ClusterFileNameEmpty,
    /// `save` and `nosave` at once.
    SaveAndNosave,
    /// A character that a node name must not have.
    NodeNameCharacter,
    /// A host name of 256 bytes or more.
    HostnameTooLong,
    /// A character that a host name must not have.
    HostnameCharacter,
    /// A title template that does not expand.
    TitleTemplate,
    /// Not an IPv4 address.
    NotIpv4,
    /// Not an IPv6 address.
    NotIpv6,
    /// `save` without pairs of numbers.
    SavePoints,
    /// Limits that do not come in fours.
    OutputBufferArguments,
    /// A class of clients that has no limits.
    OutputBufferClass,
    /// A limit that is not a number.
    OutputBufferLimit,
    /// A score outside -2000 to 2000.
    OomScore,
    /// A letter that names no class of events.
    EventClass,
    /// More than 16 addresses.
    TooManyAddresses,
    /// The primary's port is not a port.
    PrimaryPort,
    /// A percentile that is not a number.
    PercentileNotNumber,
    /// A percentile outside 0 to 100.
    PercentileRange,
    /// It cannot be set at run time.
    Immutable,
    /// It may not be set by this client.
    Protected,
    /// It was named twice in one command.
    Duplicate,
    /// Applying: the port cannot be listened on.
    PortUnavailable,
    /// Applying: an address cannot be listened on.
    BindFailed,
    /// Applying: the TLS files or options are not usable.
    TlsRejected,
    /// Applying: the append only file cannot be started.
    AppendOnlyFailed,
    /// Applying: fewer clients are possible.
    TooManyClients {
        /// How many are.
        possible: u64,
    },
    /// Applying: no such locale.
    Locale,
    /// Applying: the kernel refused the score.
    OomScoreRefused,
    /// Applying: the process title cannot be set.
    ProcessTitle,
    /// Applying: what the operating system said.
    OperatingSystem(String),
}

impl Fault {
    /// The text of a variant that carries nothing.
    fn fixed_text(&self) -> &'static str {
        match self {
            Fault::NotYesOrNo => "argument must be 'yes' or 'no'",
            Fault::NotInteger => "argument couldn't be parsed into an integer",
            Fault::NotBytes => "argument must be a memory value",
            Fault::NotBytesOrPercent => "argument must be a memory or percent value",
            Fault::NotOctal => "argument couldn't be parsed as an octal number",
            Fault::ArgumentCount => "wrong number of arguments",
            Fault::SnapshotNameIsPath => "dbfilename can't be a path, just a filename",
            Fault::AppendFileNameEmpty => "appendfilename can't be empty",
            Fault::AppendFileNameIsPath => "appendfilename can't be a path, just a filename",
            Fault::AppendDirectoryNameEmpty => "appenddirname can't be empty",
            Fault::AppendDirectoryNameIsPath => "appenddirname can't be a path, just a dirname",
            Fault::ClusterFileNameEmpty => "cluster-config-file can't be empty",
            Fault::SaveAndNosave => "shutdown options SAVE and NOSAVE can't be used simultaneously",
            Fault::NodeNameCharacter => "Announced human node name contained invalid character",
            Fault::HostnameTooLong => "Hostnames must be less than 256 characters",
            Fault::HostnameCharacter => "Hostnames may only contain alphanumeric characters, hyphens or dots",
            Fault::TitleTemplate => "template format is invalid or contains unknown variables",
            Fault::NotIpv4 => "Invalid IPv4 address",
            Fault::NotIpv6 => "Invalid IPv6 address",
            Fault::SavePoints => "Invalid save parameters",
            Fault::OutputBufferArguments => "Wrong number of arguments in buffer limit configuration.",
            Fault::OutputBufferClass => "Invalid client class specified in buffer limit configuration.",
            Fault::OutputBufferLimit => "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
            Fault::OomScore => "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
            Fault::EventClass => "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
            Fault::TooManyAddresses => "Too many bind addresses specified.",
            Fault::PrimaryPort => "Invalid master port",
            Fault::PercentileNotNumber => "Invalid latency-tracking-info-percentiles parameters",
            Fault::PercentileRange => "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
            Fault::Immutable => "can't set immutable config",
            Fault::Protected => "can't set protected config",
            Fault::Duplicate => "duplicate parameter",
            Fault::PortUnavailable => "Unable to listen on this port. Check server logs.",
            Fault::BindFailed => "Failed to bind to specified addresses.",
            Fault::TlsRejected => "Unable to update TLS configuration. Check server logs.",
            Fault::AppendOnlyFailed => "Unable to turn on AOF. Check server logs.",
            Fault::Locale => "Invalid locale name",
            Fault::OomScoreRefused => "Failed to set current oom_score_adj. Check server logs.",
            Fault::ProcessTitle => "failed to set process title",
            Fault::OutOfRange { .. }
            | Fault::OctalOutOfRange { .. }
            | Fault::TooManyPercent { .. }
            | Fault::NotOneOf(_)
            | Fault::TooManyClients { .. }
            | Fault::OperatingSystem(_) => "",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::OutOfRange { lower, upper } => write!(out, "argument must be between {lower} and {upper} inclusive"),
            Fault::OctalOutOfRange { upper } => {
                write!(out, "argument must be between 0 and {upper:o} inclusive")
            }
            Fault::TooManyPercent { upper } => {
                write!(out, "percentage argument must be less or equal to {upper}")
            }
            Fault::NotOneOf(names) => {
                out.write_str("argument(s) must be one of the following: ")?;
                for (index, (name, _)) in names.iter().enumerate() {
                    write!(out, "{}{name}", if index == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Fault::TooManyClients { possible } => write!(
                out,
                "The operating system is not able to handle the specified number of clients, try with {possible}"
            ),
            Fault::OperatingSystem(message) => out.write_str(message),
            fixed => out.write_str(fixed.fixed_text()),
        }
    }
}
