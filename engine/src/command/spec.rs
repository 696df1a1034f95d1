//! What a command's entry in the table says. Everything that treats commands
//! as data reads it: dispatch, COMMAND, ACL, routing, the argv generator.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::request::Arguments;

/// What runs a command. What it wrote before it failed is taken back.
pub type Handler = fn(&mut Context<'_>, Arguments<'_>) -> Result<(), Error>;

/// One command, or one subcommand.
#[derive(Debug)]
pub struct Command {
    /// Its name in lower case; a subcommand's is without its container's.
    pub name: &'static str,
    /// The group of the documentation.
    pub group: Group,
    /// The version of Redis (or, from 8.0 on, Valkey) that brought it.
    pub since: &'static str,
    /// What it does, in a line of our own words.
    pub summary: &'static str,
    /// Its cost, in O notation.
    pub complexity: &'static str,
    /// The number of arguments with the name, or minus the least number.
    pub arity: i32,
    /// Flags.
    pub flags: Flags,
    /// ACL categories, those included that follow from flags.
    pub categories: Categories,
    /// Tips for clients, as COMMAND INFO lists them.
    pub tips: &'static [&'static str],
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// Its subcommands.
    pub subcommands: &'static [Command],
    /// What runs it. A container's answers an unknown or missing subcommand.
    pub handler: Handler,
}

/// Groups, as COMMAND DOCS names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is its own name")]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    Pubsub,
    Transactions,
    Connection,
    Server,
    Scripting,
    Hyperloglog,
    Cluster,
    Geo,
    Stream,
    Bitmap,
}

impl Group {
    /// The name that COMMAND DOCS answers.
    pub fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::Pubsub => "pubsub",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Scripting => "scripting",
            Group::Hyperloglog => "hyperloglog",
            Group::Cluster => "cluster",
            Group::Geo => "geo",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
        }
    }
}

/// Makes a set type over constants of a bit each, with their names.
macro_rules! bits {
    ($(#[$doc:meta])* $type:ident($int:ty) { $($(#[$bit_doc:meta])* $name:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
        pub struct $type(pub $int);

        impl $type {
            /// Nothing.
            pub const NONE: $type = $type(0);
            bits!(@constants $type, $int, 0; $($(#[$bit_doc])* $name,)*);
            /// All bits with their names, in order.
            pub const NAMES: &'static [($type, &'static str)] = &[$(($type::$name, $text),)*];

            /// Both together.
            pub const fn and(self, other: $type) -> $type {
                $type(self.0 | other.0)
            }

            /// True if any bit of `other` is in here.
            #[inline]
            pub const fn has(self, other: $type) -> bool {
                self.0 & other.0 != 0
            }

            /// The names of what is in here, in order.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(bit, _)| self.has(*bit)).map(|(_, name)| *name)
            }
        }
    };
    (@constants $type:ident, $int:ty, $at:expr; $(#[$doc:meta])* $name:ident, $($rest:tt)*) => {
        $(#[$doc])*
        pub const $name: $type = $type(1 << ($at));
        bits!(@constants $type, $int, $at + 1; $($rest)*);
    };
    (@constants $type:ident, $int:ty, $at:expr;) => {};
}

bits! {
    /// Flags of a command, in the order in which COMMAND INFO lists them.
    Flags(u32) {
        /// May change data.
        WRITE = "write",
        /// Reads data.
        READONLY = "readonly",
        /// Refused when memory is over its limit.
        DENYOOM = "denyoom",
        /// Belongs to modules.
        MODULE = "module",
        /// Administration.
        ADMIN = "admin",
        /// Publish and subscribe.
        PUBSUB = "pubsub",
        /// Not from scripts.
        NOSCRIPT = "noscript",
        /// May block the client.
        BLOCKING = "blocking",
        /// Allowed while loading.
        LOADING = "loading",
        /// Allowed on a replica whose data is stale.
        STALE = "stale",
        /// Not shown by MONITOR.
        SKIP_MONITOR = "skip_monitor",
        /// Not in the slow log.
        SKIP_SLOWLOG = "skip_slowlog",
        /// ASKING is implied.
        ASKING = "asking",
        /// Constant or logarithmic time.
        FAST = "fast",
        /// Allowed before authentication.
        NO_AUTH = "no_auth",
        /// May be replicated by a command that is not a write.
        MAY_REPLICATE = "may_replicate",
        /// Not to be sent to a Sentinel.
        SENTINEL = "sentinel",
        /// Only of a Sentinel.
        ONLY_SENTINEL = "only_sentinel",
        /// Keys need no rights.
        NO_MANDATORY_KEYS = "no_mandatory_keys",
        /// Not inside MULTI.
        NO_MULTI = "no_multi",
        /// Keys that are not declared are possible.
        MOVABLE_KEYS = "movablekeys",
        /// Allowed while a script is busy.
        ALLOW_BUSY = "allow_busy",
        /// Needs permission by `enable-debug-command` or `enable-module-command`.
        PROTECTED = "protected",
        /// Reads or writes across databases.
        NO_ASYNC_LOADING = "no_async_loading",
    }
}

bits! {
    /// ACL categories.
    Categories(u32) {
        /// Keys of any type.
        KEYSPACE = "@keyspace",
        /// Reads data.
        READ = "@read",
        /// Writes data.
        WRITE = "@write",
        /// Sets.
        SET = "@set",
        /// Sorted sets.
        SORTED_SET = "@sortedset",
        /// Lists.
        LIST = "@list",
        /// Hashes.
        HASH = "@hash",
        /// Strings.
        STRING = "@string",
        /// Bitmaps.
        BITMAP = "@bitmap",
        /// HyperLogLogs.
        HYPERLOGLOG = "@hyperloglog",
        /// Geospatial indices.
        GEO = "@geo",
        /// Streams.
        STREAM = "@stream",
        /// Publish and subscribe.
        PUBSUB = "@pubsub",
        /// Administration.
        ADMIN = "@admin",
        /// Constant or logarithmic time.
        FAST = "@fast",
        /// Not fast.
        SLOW = "@slow",
        /// May block.
        BLOCKING = "@blocking",
        /// Not for everyone.
        DANGEROUS = "@dangerous",
        /// The connection itself.
        CONNECTION = "@connection",
        /// Transactions.
        TRANSACTION = "@transaction",
        /// Scripting.
        SCRIPTING = "@scripting",
    }
}

impl Categories {
    /// The category of a name, in any case, without its `@`.
    pub fn named(name: &[u8]) -> Option<Categories> {
        let is = |known: &&str| known.as_bytes()[1..].eq_ignore_ascii_case(name);
        Categories::NAMES.iter().find(|(_, known)| is(known)).map(|(category, _)| *category)
    }
}

bits! {
    /// What a command does with the keys of a key spec.
    KeyFlags(u16) {
        /// Reads and writes.
        RW = "RW",
        /// Only reads.
        RO = "RO",
        /// Overwrites.
        OW = "OW",
        /// Removes.
        RM = "RM",
        /// The value reaches the client.
        ACCESS = "access",
        /// The value is updated from what it was.
        UPDATE = "update",
        /// New content is added.
        INSERT = "insert",
        /// Content is deleted.
        DELETE = "delete",
        /// No real key.
        NOT_KEY = "not_key",
        /// Not all keys are found this way.
        INCOMPLETE = "incomplete",
        /// The flags depend on arguments.
        VARIABLE_FLAGS = "variable_flags",
    }
}

/// Where keys are among the arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySpec {
    /// What is done with them.
    pub flags: KeyFlags,
    /// Where they begin.
    pub begin: Begin,
    /// Which they are.
    pub find: Find,
    /// A note for readers, if there is one.
    pub notes: &'static str,
}

/// Where keys begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// At an argument.
    Index(i32),
    /// Behind a keyword, looked for from an argument on (from the end if negative).
    Keyword(&'static str, i32),
    /// Not to be told.
    Unknown,
}

/// Which arguments are keys, from the first on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Find {
    /// Up to an argument relative to the first, or from the end if negative.
    Range {
        /// The last one.
        last: i32,
        /// Distance from one to the next.
        step: i32,
        /// If `last` is -1: which part of the rest, 0 and 1 for all.
        limit: i32,
    },
    /// As many as an argument says.
    Count {
        /// Where their number is, relative to the first.
        count_index: i32,
        /// The first of them, relative to the first.
        first: i32,
        /// Distance from one to the next.
        step: i32,
    },
    /// Not to be told.
    Unknown,
}

/// An argument of the grammar.
#[derive(Debug)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: ArgumentKind,
    /// The word before it, or that it is.
    pub token: Option<&'static str>,
    /// The version that brought it, if later than the command.
    pub since: Option<&'static str>,
    /// May be left out.
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// Its token is repeated with it.
    pub multiple_token: bool,
}

/// Kinds of arguments.
#[derive(Debug)]
pub enum ArgumentKind {
    /// A key, of the key spec of this number.
    Key(usize),
    /// Any bytes.
    String,
    /// An integer.
    Integer,
    /// A floating point number.
    Double,
    /// A glob pattern.
    Pattern,
    /// Seconds or milliseconds since 1970.
    UnixTime,
    /// Just its token.
    Token,
    /// One of several.
    OneOf(&'static [Argument]),
    /// All of several, in order.
    Block(&'static [Argument]),
}

impl Argument {
    /// An argument that has to be there once.
    pub const fn new(name: &'static str, kind: ArgumentKind) -> Argument {
        Argument { name, kind, token: None, since: None, optional: false, multiple: false, multiple_token: false }
    }

    /// A word that stands for itself.
    pub const fn token(name: &'static str, token: &'static str) -> Argument {
        Argument::new(name, ArgumentKind::Token).after(token)
    }

    /// With a word before it.
    pub const fn after(mut self, token: &'static str) -> Argument {
        self.token = Some(token);
        self
    }

    /// Newer than its command.
    pub const fn since(mut self, version: &'static str) -> Argument {
        self.since = Some(version);
        self
    }

    /// May be left out.
    pub const fn optional(mut self) -> Argument {
        self.optional = true;
        self
    }

    /// May be repeated.
    pub const fn multiple(mut self) -> Argument {
        self.multiple = true;
        self
    }

    /// May be repeated together with its token.
    pub const fn multiple_token(mut self) -> Argument {
        self.multiple = true;
        self.multiple_token = true;
        self
    }
}

/// What a context names as its command while none runs.
pub static NO_COMMAND: Command = Command {
    name: "",
    group: Group::Server,
    since: "",
    summary: "",
    complexity: "",
    arity: 1,
    flags: Flags::NONE,
    categories: Categories::NONE,
    tips: &[],
    keys: &[],
    arguments: &[],
    subcommands: &[],
    handler: |_, _| Ok(()),
};
