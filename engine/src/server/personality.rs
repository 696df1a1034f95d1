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

    /// A log line about a primary, written as Redis has it, in the words of this
    /// server. What it quotes stands behind these words.
    pub fn line_of_primary(&self, mut line: String) -> String {
        if self.is_valkey() {
            for (word, own) in [("MASTER", "PRIMARY"), (" Master ", " Primary "), (" from master", " from primary")] {
                line = line.replacen(word, own, 1);
            }
        }
        line
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
            ("Connecting to MASTER MASTER:1", "Connecting to PRIMARY MASTER:1"),
        ] {
            assert_eq!(Personality::REDIS.line_of_primary(line.into()), line);
            assert_eq!(Personality::VALKEY.line_of_primary(line.into()), of_valkey);
        }
    }
}
