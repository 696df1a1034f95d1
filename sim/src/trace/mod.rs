//! What happened in a run, event by event, for people to look at: see
//! [`page::render`]. A trace is made only when asked for, and nothing in a run
//! depends on it.

mod json;
pub mod page;

/// What kind of thing happened. The page filters and colours by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Bytes went from one lane to another.
    Message,
    /// A connection was made, or ended.
    Connection,
    /// A client asked something, and was answered.
    Command,
    /// A disk operation.
    Disk,
    /// What was written was made durable.
    Sync,
    /// A node took a part: primary, replica, of which history.
    Role,
    /// A node's replication offset.
    Offset,
    /// A failover, and who was chosen.
    Election,
    /// A node crashed.
    Crash,
    /// A node started.
    Start,
    /// The plan broke something, or mended it.
    Fault,
    /// A line of a node's log.
    Log,
    /// What a checker found.
    Verdict,
}

impl Kind {
    /// All kinds, in the order in which the page lists them.
    pub const ALL: [Kind; 13] = [
        Kind::Message,
        Kind::Connection,
        Kind::Command,
        Kind::Disk,
        Kind::Sync,
        Kind::Role,
        Kind::Offset,
        Kind::Election,
        Kind::Crash,
        Kind::Start,
        Kind::Fault,
        Kind::Log,
        Kind::Verdict,
    ];

    /// Its name on the page.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Message => "message",
            Kind::Connection => "connection",
            Kind::Command => "command",
            Kind::Disk => "disk",
            Kind::Sync => "sync",
            Kind::Role => "role",
            Kind::Offset => "offset",
            Kind::Election => "election",
            Kind::Crash => "crash",
            Kind::Start => "start",
            Kind::Fault => "fault",
            Kind::Log => "log",
            Kind::Verdict => "verdict",
        }
    }
}

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceEvent {
    /// When, microseconds since the run began.
    pub at_us: u64,
    /// When it had ended, if it took time: a message had arrived, an operation
    /// was complete.
    pub until_us: Option<u64>,
    /// On which lane.
    pub lane: usize,
    /// The lane at the other end.
    pub peer: Option<usize>,
    /// What kind of thing.
    pub kind: Kind,
    /// In a few words.
    pub title: String,
    /// In full.
    pub detail: String,
    /// An amount that is drawn as a curve: an offset.
    pub amount: Option<u64>,
    /// True if it is part of the smallest plan that fails.
    pub minimal: bool,
}

impl TraceEvent {
    /// Something that took no time.
    pub fn new(at_us: u64, lane: usize, kind: Kind, title: impl Into<String>) -> TraceEvent {
        TraceEvent {
            at_us,
            until_us: None,
            lane,
            peer: None,
            kind,
            title: title.into(),
            detail: String::new(),
            amount: None,
            minimal: false,
        }
    }
}

/// What happened in a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace {
    /// The run, in a few words: its seed and its options.
    pub title: String,
    /// The command that reproduces it.
    pub reproduction: String,
    /// How it ended: `None` is well.
    pub failure: Option<String>,
    /// The smallest plan that fails, line by line; a line that is an event's title
    /// leads to it.
    pub smallest: Vec<String>,
    /// Names of the lanes: nodes, and clients.
    pub lanes: Vec<String>,
    /// What happened, by time.
    pub events: Vec<TraceEvent>,
}
