//! What the server says of itself when it starts.

use engine::boundary::effects::LogLevel;
use engine::config::{Config, Id};
use engine::server::personality::Personality;
use std::io::IsTerminal;

use crate::log::Logger;

/// The version of this program, beside the version of the reference that it matches.
pub const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The first lines.
pub(super) fn starting(personality: Personality, has_arguments: bool) {
    let Personality { title, version, .. } = personality;
    tracing::info!("oO0OoO0OoO0Oo {title} is starting oO0OoO0OoO0Oo");
    let process = std::process::id();
    tracing::info!(
        "{title} version={version}, bits={}, reprise={OWN_VERSION}, pid={process}, just started",
        usize::BITS
    );
    if has_arguments {
        tracing::info!("Configuration loaded");
    } else {
        tracing::warn!(
            "Warning: no config file specified, using the defaults. To use one, name its path as first argument."
        );
    }
}

/// Mode, port and process number: as a picture where somebody looks, as a line elsewhere.
pub(super) fn running(config: &Config, personality: Personality, logger: &Logger) {
    let mode = if config.boolean(Id::ClusterEnabled) { "cluster" } else { "standalone" };
    let port = config.integer(Id::Port);
    let has_own_place = config.boolean(Id::SyslogEnabled) || !config.text(Id::Logfile).is_empty();
    let is_looked_at = !has_own_place && std::io::stdout().is_terminal();
    if !is_looked_at && !config.boolean(Id::AlwaysShowLogo) {
        tracing::info!("Running mode={mode}, port={port}.");
        return;
    }
    if !logger.enabled(LogLevel::Notice) {
        return;
    }
    let Personality { title, version, .. } = personality;
    let process = std::process::id();
    logger.raw(&format!(
        r"
        ||:  .--------.  :||
        ||: |  ~    ~  | :||     Reprise {OWN_VERSION}, as {title} {version}, {bits} bit
        ||: |    __    | :||
        ||: |  ~    ~  | :||     Running in {mode} mode
        ||:  '--------'  :||     Port: {port}
        ||:   D.C. al    :||     PID: {process}
        ||:    Coda      :||

",
        bits = usize::BITS
    ));
}

/// The kernel silently shortens the queue of connections that nobody has accepted.
pub(super) fn backlog(wanted: i64) {
    let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|text| text.trim().parse().ok());
    if let Some(most) = most.filter(|&most: &i64| most < wanted) {
        tracing::warn!(
            "WARNING: The TCP backlog setting of {wanted} cannot be enforced because /proc/sys/net/core/somaxconn is set to the lower value of {most}."
        );
    }
}
