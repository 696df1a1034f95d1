//! What depends on the name that the server runs under.

/// A name and the versions that go with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Personality {
    /// HELLO's `server`.
    pub server: &'static str,
    /// The version that clients are told: of the reference that is matched.
    pub version: &'static str,
    /// INFO's `redis_version`, for clients that know only that.
    pub redis_version: &'static str,
    /// The name in messages, capitalised.
    pub title: &'static str,
}

impl Personality {
    /// Called `redis-server`, or by our own name.
    pub const REDIS: Personality =
        Personality { server: "redis", version: "7.2.4", redis_version: "7.2.4", title: "Redis" };

    /// Called `valkey-server`.
    pub const VALKEY: Personality =
        Personality { server: "valkey", version: "9.1.2", redis_version: "7.2.4", title: "Valkey" };

    /// True if the server runs under Valkey's name.
    pub fn is_valkey(&self) -> bool {
        self.server == Personality::VALKEY.server
    }

    /// By the last component of `argv[0]`.
    pub fn from_program_name(name: &str) -> Personality {
        if name.starts_with("valkey") { Personality::VALKEY } else { Personality::REDIS }
    }
}
