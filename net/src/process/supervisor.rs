//! Telling systemd or upstart how far the process is.

use engine::config::Supervised;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Who supervises the process, if anyone does.
#[derive(Debug, Default)]
pub struct Supervisor {
    systemd: Option<SocketAddr>,
}

impl Supervisor {
    /// Finds the supervisor that the configuration speaks of, if it is there.
    pub fn find(supervised: Supervised) -> Supervisor {
        let systemd = || std::env::var_os("NOTIFY_SOCKET");
        let upstart = || std::env::var_os("UPSTART_JOB");
        match supervised {
            Supervised::No => {}
            Supervised::Systemd if systemd().is_none() => {
                tracing::warn!("systemd supervision requested, but NOTIFY_SOCKET is not set");
            }
            Supervised::Upstart if upstart().is_none() => {
                tracing::warn!("upstart supervision requested, but UPSTART_JOB is not set");
            }
            Supervised::Upstart => return Supervisor::stop_for_upstart(),
            Supervised::Auto if upstart().is_some() => return Supervisor::stop_for_upstart(),
            Supervised::Systemd | Supervised::Auto => {
                let systemd = systemd().and_then(|name| address(name.as_bytes()));
                if systemd.is_some() {
                    tracing::info!(
                        "supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit."
                    );
                }
                return Supervisor { systemd };
            }
        }
        Supervisor::default()
    }

    /// upstart waits until the process stops itself, and lets it go on.
    fn stop_for_upstart() -> Supervisor {
        tracing::info!("supervised by upstart, will stop to signal readiness.");
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGSTOP);
        Supervisor::default()
    }

    /// Whether somebody supervises the process by messages, which then must not go into the background.
    pub fn is_there(&self) -> bool {
        self.systemd.is_some()
    }

    /// Sends lines such as `READY=1`.
    pub fn tell(&self, message: &str) {
        let Some(address) = &self.systemd else { return };
        let sent = UnixDatagram::unbound().and_then(|socket| socket.send_to_addr(message.as_bytes(), address));
        if let Err(error) = sent {
            tracing::warn!("Could not tell systemd: {}", crate::listener::socket::system_text(&error));
        }
    }
}

/// A path, or a name in the abstract namespace behind an at sign.
fn address(name: &[u8]) -> Option<SocketAddr> {
    match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name).ok(),
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name)).ok(),
    }
}
