//! Sockets that listen, made from addresses as the configuration writes them.

use nix::errno::Errno;
use nix::unistd::Group;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// What all listening sockets have in common.
#[derive(Clone, Copy, Debug)]
pub struct SocketOptions {
    /// `tcp-backlog`.
    pub backlog: i32,
    /// `socket-mark-id`; 0 for none.
    pub mark: u32,
}

/// Why an address cannot be listened on.
#[derive(Debug)]
pub enum OpenError {
    /// Somebody has it.
    AddressInUse,
    /// Anything else.
    Other(Error),
}

/// Listens on `bind` and tells the address that became of it; `None` when it is not there and need not be, which a hyphen
/// before it says, or when the machine lacks its protocol. Why is logged in any case.
pub(crate) fn open_tcp(
    bind: &str,
    port: u16,
    options: &SocketOptions,
) -> Result<Option<(SocketAddr, TcpListener)>, OpenError> {
    let optional = bind.starts_with('-');
    let name = bind.strip_prefix('-').unwrap_or(bind);
    let failure = match open_first(name, port, options) {
        Ok(opened) => return Ok(Some(opened)),
        Err(failure) => failure,
    };
    tracing::warn!("Warning: Could not create server TCP listening socket {name}:{port}: {failure}");
    let errno = match &failure {
        Failure::System(_, error) => error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw),
        Failure::Resolution(_) => Errno::UnknownErrno,
    };
    match errno {
        Errno::EADDRNOTAVAIL if optional => Ok(None),
        Errno::ENOPROTOOPT
        | Errno::EPROTONOSUPPORT
        | Errno::ESOCKTNOSUPPORT
        | Errno::EPFNOSUPPORT
        | Errno::EAFNOSUPPORT => Ok(None),
        Errno::EADDRINUSE => Err(OpenError::AddressInUse),
        _ => Err(OpenError::Other(failure.into_error())),
    }
}

/// The step that failed.
enum Failure {
    System(&'static str, Error),
    Resolution(Error),
}

impl Failure {
    fn into_error(self) -> Error {
        match self {
            Failure::System(_, error) | Failure::Resolution(error) => error,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::System(step, error) => write!(f, "{step}: {}", system_text(error)),
            Failure::Resolution(error) => {
                let text = error.to_string();
                f.write_str(text.strip_prefix("failed to lookup address information: ").unwrap_or(&text))
            }
        }
    }
}

/// The system's words for an error, as C programs print them.
pub fn system_text(error: &Error) -> String {
    match error.raw_os_error() {
        Some(number) => Errno::from_raw(number).desc().to_owned(),
        None => error.to_string(),
    }
}

fn open_first(name: &str, port: u16, options: &SocketOptions) -> Result<(SocketAddr, TcpListener), Failure> {
    let addresses = resolve(name, port).map_err(Failure::Resolution)?;
    let mut last = None;
    for address in addresses {
        match open_address(address, options) {
            Ok(socket) => return Ok((address, socket)),
            Err(failure) => last = Some(failure),
        }
    }
    Err(last.unwrap_or_else(|| Failure::Resolution(Error::other("No address associated with hostname"))))
}

/// The addresses of a name: of IPv6 when it has a colon, of IPv4 otherwise.
fn resolve(name: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    match name {
        "*" => Ok(vec![(Ipv4Addr::UNSPECIFIED, port).into()]),
        "::*" => Ok(vec![(Ipv6Addr::UNSPECIFIED, port).into()]),
        _ => {
            let is_v6 = name.contains(':');
            Ok((name, port).to_socket_addrs()?.filter(|address| address.is_ipv6() == is_v6).collect())
        }
    }
}

fn open_address(address: SocketAddr, options: &SocketOptions) -> Result<TcpListener, Failure> {
    let step = |name| move |error| Failure::System(name, error);
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP)).map_err(step("socket"))?;
    if address.is_ipv6() {
        socket.set_only_v6(true).map_err(step("setsockopt"))?;
    }
    socket.set_reuse_address(true).map_err(step("setsockopt SO_REUSEADDR"))?;
    socket.bind(&address.into()).map_err(step("bind"))?;
    if options.mark > 0
        && let Err(error) = socket.set_mark(options.mark)
    {
        tracing::warn!("setsockopt: SO_MARK: {}", system_text(&error));
    }
    socket.listen(options.backlog).map_err(step("listen"))?;
    socket.set_nonblocking(true).map_err(step("fcntl"))?;
    Ok(socket.into())
}

/// Who may use a Unix socket.
#[derive(Clone, Debug, Default)]
pub struct UnixAccess {
    /// `unixsocketperm`; 0 for what the process's mask leaves.
    pub permissions: u32,
    /// `unixsocketgroup`, by name or number; empty for the process's own.
    pub group: String,
}

/// Listens on a Unix socket instead of whatever the path named.
pub(super) fn open_unix(path: &Path, access: &UnixAccess, options: &SocketOptions) -> Result<UnixListener, Error> {
    drop(std::fs::remove_file(path));
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(options.backlog)?;
    if access.permissions != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(access.permissions))?;
    }
    if !access.group.is_empty() {
        std::os::unix::fs::chown(path, None, Some(group_number(&access.group)?))?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

fn group_number(group: &str) -> Result<u32, Error> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    match Group::from_name(group)? {
        Some(group) => Ok(group.gid.as_raw()),
        None => Err(Error::other(format!("no group is called {group}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: SocketOptions = SocketOptions { backlog: 16, mark: 0 };

    #[test]
    fn names_mean_addresses() {
        for (name, expected) in [
            ("*", "0.0.0.0:7"),
            ("::*", "[::]:7"),
            ("127.0.0.1", "127.0.0.1:7"),
            ("::1", "[::1]:7"),
            ("localhost", "127.0.0.1:7"),
        ] {
            let addresses = resolve(name, 7).unwrap();
            assert_eq!(addresses.first().map(ToString::to_string).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn an_address_that_is_missing_matters_unless_a_hyphen_says_otherwise() {
        assert!(matches!(open_tcp("-192.0.2.1", 0, &OPTIONS), Ok(None)));
        assert!(matches!(open_tcp("192.0.2.1", 0, &OPTIONS), Err(OpenError::Other(_))));
        let (_, first) = open_tcp("127.0.0.1", 0, &OPTIONS).unwrap().unwrap();
        let port = first.local_addr().unwrap().port();
        assert!(matches!(open_tcp("127.0.0.1", port, &OPTIONS), Err(OpenError::AddressInUse)));
        assert!(matches!(open_tcp("-127.0.0.1", port, &OPTIONS), Err(OpenError::AddressInUse)));
    }
}
