//! What depends on the name that the server runs under.

use alloc::string::String;

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

    /// What the log calls a primary.
    pub fn primary(&self) -> &'static str {
        if self.is_valkey() { "PRIMARY" } else { "MASTER" }
    }

    /// A log line, written as Redis has it, in the words of this server.
    pub fn log_line(&self, line: String) -> String {
        if !self.is_valkey() || !line.contains("MASTER") {
            return line;
        }
        line.replace("MASTER", self.primary()).replace(" Master ", " Primary ").replace(" from master", " from primary")
    }

    /// By the last component of `argv[0]`.
    pub fn from_program_name(name: &str) -> Personality {
        if name.starts_with("valkey") { Personality::VALKEY } else { Personality::REDIS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_have_the_words_of_the_server() {
        for (line, of_valkey) in [
            ("Connecting to MASTER h:1", "Connecting to PRIMARY h:1"),
            ("MASTER <-> REPLICA sync: Master accepted it.", "PRIMARY <-> REPLICA sync: Primary accepted it."),
            (
                "MASTER <-> REPLICA sync: 5 bytes from master to disk",
                "PRIMARY <-> REPLICA sync: 5 bytes from primary to disk",
            ),
            ("Saving to master.rdb", "Saving to master.rdb"),
        ] {
            assert_eq!(Personality::REDIS.log_line(line.into()), line);
            assert_eq!(Personality::VALKEY.log_line(line.into()), of_valkey);
        }
    }
}
