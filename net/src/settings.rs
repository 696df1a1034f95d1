//! Parameters of the process, put into effect while it runs.
//!
//! The engine decides whether a parameter may be set and keeps its value; it asks for those here by
//! [`engine::boundary::ask::Question::Apply`], with the value as CONFIG GET answers it. What is not known here has no effect
//! on the process and always succeeds.

use crate::listener::Listeners;
use crate::listener::accept::ConnectionOptions;
use crate::log::{Logger, ROLE_PRIMARY, ROLE_REPLICA};
use crate::process::limits;
use crate::process::oom_score::OomScore;
use crate::process::title::Title;
use crate::tokio_host::TokioHost;
use engine::config::{Choice, Config, Id, OomScoreAdjustment};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The process, as far as parameters change it.
pub struct Settings {
    /// What is listened on.
    pub listeners: Listeners<TokioHost>,
    logger: Arc<Logger>,
    connection_options: Arc<ConnectionOptions>,
    title: Title,
    oom_score: OomScore,
    oom_adjustment: OomScoreAdjustment,
    /// Of a primary, a replica, a background child.
    oom_scores: [i32; 3],
    binds: Vec<Vec<u8>>,
    port: u16,
    is_replica: bool,
    descriptor_reserve: u64,
}

impl Settings {
    /// The process as configured at start; nothing is put into effect yet.
    pub fn new(config: &Config, listeners: Listeners<TokioHost>, logger: Arc<Logger>, title: Title) -> Settings {
        let connection_options = Arc::new(ConnectionOptions::default());
        connection_options.keepalive_seconds.store(config.unsigned(Id::TcpKeepalive) as u32, Ordering::Relaxed);
        Settings {
            listeners,
            logger,
            connection_options,
            title,
            oom_score: OomScore::default(),
            oom_adjustment: config.chosen(Id::OomScoreAdj),
            oom_scores: config.oom_scores(),
            binds: config.binds().to_vec(),
            port: config.unsigned(Id::Port) as u16,
            is_replica: config.primary().is_some(),
            descriptor_reserve: limits::reserve(config.unsigned(Id::IoThreads)),
        }
    }

    /// What new connections are given.
    pub fn connection_options(&self) -> Arc<ConnectionOptions> {
        Arc::clone(&self.connection_options)
    }

    /// Puts title, score and role into effect.
    pub fn apply_all(&mut self) {
        self.apply_role();
        self.title.show();
    }

    /// Puts one parameter into effect.
    ///
    /// # Errors
    /// The text for the client; then what was in effect before still is.
    pub fn apply(&mut self, parameter: &str, value: &str) -> Result<(), String> {
        match parameter {
            "port" => return self.set_port(value.parse().unwrap_or(0)),
            "bind" => return self.set_binds(value),
            "maxclients" => return set_client_limit(value.parse().unwrap_or(0), self.descriptor_reserve),
            "loglevel" => set_choice(value, |level| self.logger.set_level(level)),
            "log-format" => set_choice(value, |format| self.logger.set_format(format)),
            "log-timestamp-format" => set_choice(value, |format| self.logger.set_timestamp(format)),
            "tcp-keepalive" => {
                self.connection_options.keepalive_seconds.store(value.parse().unwrap_or(0), Ordering::Relaxed);
            }
            "proc-title-template" => self.title.set_template(value),
            "oom-score-adj" => {
                set_choice(value, |adjustment| self.oom_adjustment = adjustment);
                return self.apply_oom_score();
            }
            "oom-score-adj-values" => {
                let mut words = value.split(' ').flat_map(str::parse);
                self.oom_scores = self.oom_scores.map(|score| words.next().unwrap_or(score));
                return self.apply_oom_score();
            }
            "replicaof" => {
                self.is_replica = !value.is_empty();
                self.apply_role();
            }
            "crash-log-enabled" => crate::crash::set_enabled(value == "yes"),
            "jemalloc-bg-thread" => crate::allocator::set_background_thread(value == "yes"),
            _ => {}
        }
        Ok(())
    }

    fn set_port(&mut self, port: u16) -> Result<(), String> {
        if self.listeners.listen_tcp(&self.binds, port).is_err() {
            return Err("Unable to listen on this port. Check server logs.".into());
        }
        self.port = port;
        self.title.set_port(port);
        Ok(())
    }

    fn set_binds(&mut self, value: &str) -> Result<(), String> {
        let binds: Vec<Vec<u8>> = value.split(' ').filter(|bind| !bind.is_empty()).map(|bind| bind.into()).collect();
        if self.listeners.listen_tcp(&binds, self.port).is_err() {
            return Err("Failed to bind to specified addresses.".into());
        }
        self.title.set_bind(binds.first().map(|bind| String::from_utf8_lossy(bind).into_owned()));
        self.binds = binds;
        Ok(())
    }

    fn apply_role(&mut self) {
        self.logger.set_role(if self.is_replica { ROLE_REPLICA } else { ROLE_PRIMARY });
        // Why it failed is logged, and who changed a role did not ask for it.
        drop(self.apply_oom_score());
    }

    fn apply_oom_score(&mut self) -> Result<(), String> {
        self.oom_score.apply(self.oom_adjustment, self.oom_scores[usize::from(self.is_replica)])
    }
}

fn set_choice<C: Choice>(name: &str, set: impl FnOnce(C)) {
    if let Some((_, number)) = C::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        set(C::from_number(*number));
    }
}

fn set_client_limit(clients: u64, reserve: u64) -> Result<(), String> {
    let room = limits::make_room(clients, reserve);
    if room < clients {
        return Err(format!(
            "The operating system is not able to handle the specified number of clients, try with {room}"
        ));
    }
    Ok(())
}
