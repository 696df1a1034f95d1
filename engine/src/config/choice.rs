//! The parameters whose value is one of a few names: each is an enum here, so that the engine matches on variants and never
//! on strings. Order of the names is the order in which an error message lists them, and where two names share a value the
//! first is the one that CONFIG GET answers.

/// A name and the value it stands for: a variant's number, or a bit.
pub type ChoiceName = (&'static str, u32);

/// An enum that a parameter chooses from.
pub trait Choice: Copy + 'static {
    /// Every accepted name.
    const NAMES: &'static [ChoiceName];

    /// The variant of a number found in [`Choice::NAMES`].
    ///
    /// # Panics
    /// When no variant has the number, which means that the parameter has another type.
    fn from_number(number: u32) -> Self;
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $first:literal $(| $other:literal)*),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = concat!("`", $first, "`")] $variant,)*
        }

        impl Choice for $name {
            const NAMES: &'static [ChoiceName] =
                &[$(($first, $name::$variant as u32), $(($other, $name::$variant as u32),)*)*];

            fn from_number(number: u32) -> Self {
                const VARIANTS: &[$name] = &[$($name::$variant),*];
                VARIANTS[number as usize]
            }
        }
    )*};
}

choices! {
    /// `maxmemory-policy`: which key to evict.
    MaxmemoryPolicy {
        VolatileLru = "volatile-lru",
        VolatileLfu = "volatile-lfu",
        VolatileRandom = "volatile-random",
        VolatileTtl = "volatile-ttl",
        AllkeysLru = "allkeys-lru",
        AllkeysLfu = "allkeys-lfu",
        AllkeysRandom = "allkeys-random",
        Noeviction = "noeviction",
    }

    /// `syslog-facility`.
    SyslogFacility {
        User = "user",
        Local0 = "local0",
        Local1 = "local1",
        Local2 = "local2",
        Local3 = "local3",
        Local4 = "local4",
        Local5 = "local5",
        Local6 = "local6",
        Local7 = "local7",
    }

    /// `loglevel`: the least severe line that is logged.
    LogLevel {
        Debug = "debug",
        Verbose = "verbose",
        Notice = "notice",
        Warning = "warning",
        Nothing = "nothing",
    }

    /// `log-format`.
    LogFormat {
        Legacy = "legacy",
        Logfmt = "logfmt",
        Json = "json",
    }

    /// `log-timestamp-format`.
    LogTimestampFormat {
        Legacy = "legacy",
        Iso8601 = "iso8601",
        Milliseconds = "milliseconds",
    }

    /// `supervised`: who started the process and waits for word from it.
    Supervised {
        Upstart = "upstart",
        Systemd = "systemd",
        Auto = "auto",
        No = "no",
    }

    /// `appendfsync`: when the append only file is synced.
    AppendFsync {
        Everysec = "everysec",
        Always = "always",
        No = "no",
    }

    /// `repl-diskless-load`: whether a replica loads from the socket.
    DisklessLoad {
        Disabled = "disabled",
        OnEmptyDb = "on-empty-db",
        Swapdb = "swapdb",
        FlushBeforeLoad = "flush-before-load",
    }

    /// `tls-auth-clients`: whether a TLS client needs a certificate.
    TlsAuthClients {
        No = "no",
        Yes = "yes",
        Optional = "optional",
    }

    /// `tls-auth-clients-user`: the certificate's field that names the ACL user.
    TlsAuthClientsUser {
        CommonName = "CN",
        Uri = "URI",
        Off = "off",
    }

    /// `oom-score-adj`.
    OomScoreAdjustment {
        No = "no",
        Relative = "yes" | "relative",
        Absolute = "absolute",
    }

    /// `acl-pubsub-default`: the channels of a new user.
    AclPubsubDefault {
        Allchannels = "allchannels",
        Resetchannels = "resetchannels",
    }

    /// `sanitize-dump-payload`: when a payload is checked in depth.
    SanitizeDumpPayload {
        No = "no",
        Yes = "yes",
        Clients = "clients",
    }

    /// Who may use what `enable-protected-configs`, `enable-debug-command` and `enable-module-command` guard.
    Protection {
        No = "no",
        Yes = "yes",
        Local = "local",
    }

    /// `cluster-preferred-endpoint-type`: what a redirection names.
    PreferredEndpoint {
        Ip = "ip",
        Hostname = "hostname",
        UnknownEndpoint = "unknown-endpoint",
    }

    /// `cluster-config-save-behavior`: what follows when `nodes.conf` cannot be saved.
    ClusterConfigSave {
        Sync = "sync",
        BestEffort = "best-effort",
    }

    /// `propagation-error-behavior`: what follows when a replicated command fails.
    PropagationError {
        Ignore = "ignore",
        Panic = "panic",
        PanicOnReplicas = "panic-on-replicas",
    }

    /// `rdb-version-check`: whether a snapshot of a later version is refused at once.
    RdbVersionCheck {
        Strict = "strict",
        Relaxed = "relaxed",
    }
}

impl Protection {
    /// Whether a client may do what is guarded; `client_is_local` says that it came over loopback or a Unix socket.
    pub fn permits(self, client_is_local: bool) -> bool {
        match self {
            Protection::No => false,
            Protection::Yes => true,
            Protection::Local => client_is_local,
        }
    }
}

/// `shutdown-on-sigint` and `shutdown-on-sigterm`: the options of the SHUTDOWN that a signal stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownOptions(pub u32);

impl ShutdownOptions {
    /// Save even when no save point is configured.
    pub const SAVE: ShutdownOptions = ShutdownOptions(1);
    /// Do not save even when save points are configured.
    pub const NOSAVE: ShutdownOptions = ShutdownOptions(2);
    /// Do not wait for replicas.
    pub const NOW: ShutdownOptions = ShutdownOptions(4);
    /// Ignore what would prevent a shutdown.
    pub const FORCE: ShutdownOptions = ShutdownOptions(8);

    /// Every accepted name; `default` is no bit at all.
    pub const NAMES: &'static [ChoiceName] = &[
        ("default", 0),
        ("save", Self::SAVE.0),
        ("nosave", Self::NOSAVE.0),
        ("now", Self::NOW.0),
        ("force", Self::FORCE.0),
    ];

    /// Whether all options of `other` are among these.
    pub fn contains(self, other: ShutdownOptions) -> bool {
        self.0 & other.0 == other.0
    }
}
