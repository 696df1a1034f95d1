//! What an engine is made from, and whom it lets in.

use crate::boundary::input::Connection;
use crate::config::{Config, Id};
use crate::server::personality::Personality;
use crate::server::{HostFacts, Server};
use alloc::string::String;
use alloc::vec::Vec;

/// What an engine is made from.
#[derive(Debug)]
pub struct Options {
    /// Where all randomness comes from.
    pub seed: u64,
    /// The configuration, read from file and command line.
    pub config: Config,
    /// The file that CONFIG REWRITE writes; absolute.
    pub config_file: Option<String>,
    /// The program's path; absolute.
    pub executable: String,
    /// Under which name it runs.
    pub personality: Personality,
    /// Facts of the machine.
    pub host: HostFacts,
    /// `rename-command`: from, to; an empty name removes.
    pub renamed_commands: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Why a new connection is turned away, as it is told.
pub fn refusal(server: &Server, connection: &Connection) -> Option<&'static str> {
    let config = &server.config;
    if server.sessions.len() as u64 >= config.unsigned(Id::Maxclients) {
        return Some(if config.boolean(Id::ClusterEnabled) {
            "-ERR max number of clients + cluster connections reached\r\n"
        } else {
            "-ERR max number of clients reached\r\n"
        });
    }
    let open = server.password.is_none() && !connection.loopback && !connection.unix_socket;
    if open && config.boolean(Id::ProtectedMode) {
        return Some(
            "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for \
             the default user. In this mode connections are only accepted from the loopback interface. If you want to \
             connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable \
             protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by \
             connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly \
             accessible from internet if you do so. Use CONFIG REWRITE to make this change permanent. 2) \
             Alternatively you can just disable the protected mode by editing the Redis configuration file, and \
             setting the protected mode option to 'no', and then restarting the server. 3) If you started the server \
             manually just for testing, restart it with the '--protected-mode no' option. 4) Set up an authentication \
             password for the default user. NOTE: You only need to do one of the above things in order for the server \
             to start accepting connections from the outside.\r\n",
        );
    }
    None
}
