//! What a parameter holds, and how CONFIG GET spells it.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::choice::ChoiceName;
use super::keyspace_event::KeyspaceEvents;
use super::parameter::{Kind, Parameter};

/// How many classes of clients have limits on their output buffers.
pub const CLIENT_CLASSES: usize = 3;

/// The classes of clients that have limits, in the order of [`Value::OutputBufferLimits`]. CONFIG GET answers `slave`, the
/// file says `replica`.
pub const CLIENT_CLASS_NAMES: [&str; CLIENT_CLASSES] = ["normal", "slave", "pubsub"];

/// The limits at start.
pub(super) const DEFAULT_OUTPUT_BUFFER_LIMITS: [OutputBufferLimit; CLIENT_CLASSES] = [
    OutputBufferLimit { hard_bytes: 0, soft_bytes: 0, soft_seconds: 0 },
    OutputBufferLimit { hard_bytes: 256 << 20, soft_bytes: 64 << 20, soft_seconds: 60 },
    OutputBufferLimit { hard_bytes: 32 << 20, soft_bytes: 8 << 20, soft_seconds: 60 },
];

/// The scores at start.
pub(super) const DEFAULT_OOM_SCORES: [i32; 3] = [0, 200, 800];

const DEFAULT_SAVE_POINTS: [SavePoint; 3] = [
    SavePoint { seconds: 3600, changes: 1 },
    SavePoint { seconds: 300, changes: 100 },
    SavePoint { seconds: 60, changes: 10000 },
];

const DEFAULT_PERCENTILES: [f64; 3] = [50.0, 99.0, 99.9];

/// Save when so many seconds passed with so many changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// Seconds since the last save.
    pub seconds: i64,
    /// Changes since the last save.
    pub changes: i64,
}

/// When a client that does not read its replies is disconnected. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputBufferLimit {
    /// Disconnect at once beyond so many bytes.
    pub hard_bytes: u64,
    /// Disconnect when beyond so many bytes for `soft_seconds`.
    pub soft_bytes: u64,
    /// How long `soft_bytes` may be exceeded.
    pub soft_seconds: i64,
}

/// A number of bytes, or a share of `maxmemory`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryLimit {
    /// So many bytes; zero is no limit.
    Bytes(u64),
    /// So many percent of `maxmemory`; no limit where `maxmemory` has none.
    Percent(u64),
}

impl MemoryLimit {
    /// The limit in bytes, zero for none, when `maxmemory` is `memory_max` bytes.
    pub fn bytes(self, memory_max: u64) -> u64 {
        match self {
            MemoryLimit::Bytes(bytes) => bytes,
            MemoryLimit::Percent(percent) => (u128::from(memory_max) * u128::from(percent) / 100) as u64,
        }
    }
}

/// Where the primary is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryAddress {
    /// Host name or address.
    pub host: Vec<u8>,
    /// TCP port.
    pub port: u16,
}

/// What a parameter holds; the variant follows from its [`Kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Boolean`].
    Boolean(bool),
    /// Of [`Kind::Integer`] and [`Kind::Octal`].
    Integer(i64),
    /// Of [`Kind::Bytes`].
    Bytes(u64),
    /// Of [`Kind::BytesOrPercent`].
    MemoryLimit(MemoryLimit),
    /// Of [`Kind::Choice`], and the united bits of [`Kind::ChoiceSet`].
    Choice(u32),
    /// Of [`Kind::Text`].
    Text(Option<Vec<u8>>),
    /// Of [`Kind::SavePoints`].
    SavePoints(Vec<SavePoint>),
    /// Of [`Kind::Addresses`].
    Addresses(Vec<Vec<u8>>),
    /// Of [`Kind::OutputBufferLimits`], in the order of [`CLIENT_CLASS_NAMES`].
    OutputBufferLimits(Box<[OutputBufferLimit; CLIENT_CLASSES]>),
    /// Of [`Kind::OomScores`]: primary, replica, background child.
    OomScores([i32; 3]),
    /// Of [`Kind::KeyspaceEvents`].
    KeyspaceEvents(KeyspaceEvents),
    /// Of [`Kind::Primary`].
    Primary(Option<Box<PrimaryAddress>>),
    /// Of [`Kind::Percentiles`].
    Percentiles(Vec<f64>),
}

impl Value {
    /// What a parameter of this kind holds at start.
    pub fn default_of(kind: &Kind) -> Value {
        match *kind {
            Kind::Boolean { default } => Value::Boolean(default),
            Kind::Integer { default, .. } => Value::Integer(default),
            Kind::Bytes { default, .. } => Value::Bytes(default),
            Kind::BytesOrPercent { .. } => Value::MemoryLimit(MemoryLimit::Bytes(0)),
            Kind::Octal { .. } => Value::Integer(0),
            Kind::Choice { default, .. } | Kind::ChoiceSet { default, .. } => Value::Choice(default),
            Kind::Text { default, .. } => Value::Text(default.map(|text| text.as_bytes().to_vec())),
            Kind::SavePoints => Value::SavePoints(DEFAULT_SAVE_POINTS.to_vec()),
            Kind::Addresses { default } => {
                Value::Addresses(default.iter().map(|address| address.as_bytes().to_vec()).collect())
            }
            Kind::OutputBufferLimits => Value::OutputBufferLimits(Box::new(DEFAULT_OUTPUT_BUFFER_LIMITS)),
            Kind::OomScores => Value::OomScores(DEFAULT_OOM_SCORES),
            Kind::KeyspaceEvents => Value::KeyspaceEvents(KeyspaceEvents::NONE),
            Kind::Primary => Value::Primary(None),
            Kind::Percentiles => Value::Percentiles(DEFAULT_PERCENTILES.to_vec()),
        }
    }

    /// The value as CONFIG GET answers it.
    pub fn format(&self, parameter: &Parameter) -> Vec<u8> {
        match (self, &parameter.kind) {
            (Value::Boolean(value), _) => if *value { "yes" } else { "no" }.into(),
            (Value::Integer(value), Kind::Octal { .. }) => format!("{value:o}").into(),
            (Value::Integer(value), _) => value.to_string().into(),
            (Value::Bytes(value), _) => value.to_string().into(),
            (Value::MemoryLimit(MemoryLimit::Bytes(value)), _) => value.to_string().into(),
            (Value::MemoryLimit(MemoryLimit::Percent(value)), _) => format!("{value}%").into(),
            (Value::Choice(value), Kind::Choice { names, .. }) => choice_name(names, *value).into(),
            (Value::Choice(value), Kind::ChoiceSet { names, .. }) => choice_set_names(names, *value).into(),
            (Value::Text(value), _) => value.clone().unwrap_or_default(),
            (Value::SavePoints(points), _) => {
                join(points.iter().map(|point| format!("{} {}", point.seconds, point.changes))).into()
            }
            (Value::Addresses(addresses), _) => addresses.join(&b' '),
            (Value::OutputBufferLimits(limits), _) => format_output_buffer_limits(limits).into(),
            (Value::OomScores(scores), _) => join(scores.iter().map(ToString::to_string)).into(),
            (Value::KeyspaceEvents(events), _) => events.letters(),
            (Value::Primary(None), _) => Vec::new(),
            (Value::Primary(Some(primary)), _) => {
                let mut text = primary.host.clone();
                text.extend_from_slice(format!(" {}", primary.port).as_bytes());
                text
            }
            (Value::Percentiles(percentiles), _) => {
                join(percentiles.iter().map(|percentile| format_percentile(*percentile))).into()
            }
            (Value::Choice(_), _) => unreachable!("{} is no choice", parameter.name),
        }
    }
}

/// The first name of a choice's value.
fn choice_name(names: &'static [ChoiceName], value: u32) -> &'static str {
    names.iter().find(|(_, number)| *number == value).map_or("unknown", |(name, _)| name)
}

/// The names of all bits of `value`, or the one name that is exactly `value`.
fn choice_set_names(names: &'static [ChoiceName], value: u32) -> String {
    if names.iter().any(|(_, number)| *number == value) {
        return choice_name(names, value).to_string();
    }
    join(names.iter().filter(|(_, bit)| *bit != 0 && value & bit == *bit).map(|(name, _)| name.to_string()))
}

fn format_output_buffer_limits(limits: &[OutputBufferLimit; CLIENT_CLASSES]) -> String {
    join(
        CLIENT_CLASS_NAMES
            .iter()
            .zip(limits)
            .map(|(class, limit)| format!("{class} {} {} {}", limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)),
    )
}

/// Six decimals at most, without trailing zeros.
pub(crate) fn format_percentile(percentile: f64) -> String {
    let text = format!("{percentile:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

fn join(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
