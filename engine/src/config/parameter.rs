//! What the table of parameters is made of: one [`Parameter`] per name of CONFIG GET, with its aliases, its kind (grammar,
//! bounds and default in one) and what may be done to it at run time.
//!
//! The constructors are `const` so that the table is a `static` and reads like a list of facts:
//! `integer("hz", 10, 0, INT_MAX).clamped(1, 500)`. Nothing here parses or formats; see `parse.rs` and `value.rs`.

use super::choice::{Choice, ChoiceName};
use super::rule::TextRule;

/// The largest value of a C `int`, which bounds most integer parameters of the reference.
pub(super) const INT_MAX: i64 = i32::MAX as i64;
/// The smallest value of a C `int`.
pub(super) const INT_MIN: i64 = i32::MIN as i64;
/// The largest value of a C `unsigned int`.
pub(super) const UINT_MAX: i64 = u32::MAX as i64;
/// The largest value of a C `long` or `long long`.
pub(super) const LONG_MAX: i64 = i64::MAX;
/// [`LONG_MAX`] for parameters measured in bytes.
pub(super) const BYTES_MAX: u64 = i64::MAX as u64;

/// One configuration parameter.
#[derive(Debug)]
pub struct Parameter {
    /// The name that CONFIG REWRITE writes.
    pub name: &'static str,
    /// Other names that CONFIG GET, CONFIG SET and the file accept.
    pub aliases: &'static [&'static str],
    /// Grammar, bounds and default.
    pub kind: Kind,
    /// What may be done to it, and when.
    pub flags: Flags,
}

/// Restrictions on a parameter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flags {
    /// CONFIG SET refuses it; only the file and the command line set it.
    pub immutable: bool,
    /// Its value is redacted in SLOWLOG, MONITOR and logs.
    pub sensitive: bool,
    /// CONFIG SET refuses it unless `enable-protected-configs` permits.
    pub protected: bool,
    /// CONFIG GET answers it to its exact name only, never to a pattern.
    pub hidden: bool,
    /// CONFIG SET refuses it while a data set is being loaded.
    pub deny_loading: bool,
    /// Setting it to the value it already has counts as a change (the file it names may have changed).
    pub volatile: bool,
}

/// Grammar, bounds and default of a parameter.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    Boolean {
        /// Value at start.
        default: bool,
    },
    /// A decimal number.
    Integer {
        /// Value at start.
        default: i64,
        /// Smallest accepted value.
        lower: i64,
        /// Largest accepted value.
        upper: i64,
        /// Accepted values outside this range are silently moved into it.
        clamp: Option<(i64, i64)>,
    },
    /// A number of bytes, with a unit such as `kb` or `mb` where the user likes.
    Bytes {
        /// Value at start.
        default: u64,
        /// Smallest accepted value.
        lower: u64,
        /// Largest accepted value.
        upper: u64,
    },
    /// A number of bytes, or up to `percent_max` percent of `maxmemory`. Zero at start.
    BytesOrPercent {
        /// Largest accepted percentage.
        percent_max: u64,
    },
    /// A number in base eight. Zero at start.
    Octal {
        /// Largest accepted value.
        upper: i64,
    },
    /// Exactly one of some names.
    Choice {
        /// The names, in the order in which an error lists them.
        names: &'static [ChoiceName],
        /// Value at start.
        default: u32,
    },
    /// Any number of some names, each a bit.
    ChoiceSet {
        /// The names, in the order in which an error lists them.
        names: &'static [ChoiceName],
        /// Value at start.
        default: u32,
    },
    /// Bytes. Without a default the empty string means "not set".
    Text {
        /// Value at start.
        default: Option<&'static str>,
        /// What a value must satisfy.
        rule: TextRule,
    },
    /// `save`: pairs of seconds and changes.
    SavePoints,
    /// Addresses to listen on.
    Addresses {
        /// Value at start.
        default: &'static [&'static str],
    },
    /// `client-output-buffer-limit`: class, hard limit, soft limit, seconds.
    OutputBufferLimits,
    /// `oom-score-adj-values`: primary, replica, background child.
    OomScores,
    /// `notify-keyspace-events`: letters.
    KeyspaceEvents,
    /// `replicaof`: host and port, or `no one`.
    Primary,
    /// `latency-tracking-info-percentiles`: numbers from 0 to 100.
    Percentiles,
}

impl Kind {
    /// Whether a value is a list of arguments, which CONFIG SET splits at spaces.
    pub fn takes_many_arguments(&self) -> bool {
        matches!(
            self,
            Kind::ChoiceSet { .. }
                | Kind::SavePoints
                | Kind::Addresses { .. }
                | Kind::OutputBufferLimits
                | Kind::OomScores
                | Kind::Primary
                | Kind::Percentiles
        )
    }
}

impl Parameter {
    /// Adds other names.
    pub(super) const fn also(mut self, aliases: &'static [&'static str]) -> Parameter {
        self.aliases = aliases;
        self
    }

    /// Only the file and the command line may set it.
    pub(super) const fn immutable(mut self) -> Parameter {
        self.flags.immutable = true;
        self
    }

    /// Its value is a secret.
    pub(super) const fn sensitive(mut self) -> Parameter {
        self.flags.sensitive = true;
        self
    }

    /// Setting it takes `enable-protected-configs`.
    pub(super) const fn protected(mut self) -> Parameter {
        self.flags.protected = true;
        self
    }

    /// No pattern finds it.
    pub(super) const fn hidden(mut self) -> Parameter {
        self.flags.hidden = true;
        self
    }

    /// It cannot be set during loading.
    pub(super) const fn deny_loading(mut self) -> Parameter {
        self.flags.deny_loading = true;
        self
    }

    /// Setting it always counts as a change.
    pub(super) const fn volatile(mut self) -> Parameter {
        self.flags.volatile = true;
        self
    }

    /// Moves accepted integers into a range. For integers only.
    pub(super) const fn clamped(mut self, least: i64, most: i64) -> Parameter {
        match &mut self.kind {
            Kind::Integer { clamp, .. } => *clamp = Some((least, most)),
            _ => panic!("only an integer is clamped"),
        }
        self
    }

    /// Demands something of a text.
    pub(super) const fn ruled(mut self, text_rule: TextRule) -> Parameter {
        match &mut self.kind {
            Kind::Text { rule, .. } => *rule = text_rule,
            _ => panic!("only a text has a rule"),
        }
        self
    }
}

/// A parameter of a kind that has no constructor of its own.
pub(super) const fn special(name: &'static str, kind: Kind) -> Parameter {
    let flags = Flags {
        immutable: false,
        sensitive: false,
        protected: false,
        hidden: false,
        deny_loading: false,
        volatile: false,
    };
    Parameter { name, aliases: &[], kind, flags }
}

/// A `yes` or `no` parameter.
pub(super) const fn boolean(name: &'static str, default: bool) -> Parameter {
    special(name, Kind::Boolean { default })
}

/// A decimal parameter between two bounds, both included.
pub(super) const fn integer(name: &'static str, default: i64, lower: i64, upper: i64) -> Parameter {
    special(name, Kind::Integer { default, lower, upper, clamp: None })
}

/// A parameter in bytes between two bounds, both included.
pub(super) const fn bytes(name: &'static str, default: u64, lower: u64, upper: u64) -> Parameter {
    special(name, Kind::Bytes { default, lower, upper })
}

/// A parameter that is one of the names of `C`.
pub(super) const fn choice<C: Choice>(name: &'static str, default: u32) -> Parameter {
    special(name, Kind::Choice { names: C::NAMES, default })
}

/// A text that may be empty.
pub(super) const fn text(name: &'static str, default: &'static str) -> Parameter {
    special(name, Kind::Text { default: Some(default), rule: TextRule::Any })
}

/// A text that is not set at start, and again when it is set to the empty string.
pub(super) const fn optional_text(name: &'static str) -> Parameter {
    special(name, Kind::Text { default: None, rule: TextRule::Any })
}
