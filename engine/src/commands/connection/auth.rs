//! AUTH, and the check that HELLO shares with it.

use crate::command::context::Context;
use crate::command::error::Error;
use crate::command::spec::*;
use crate::resp::request::Arguments;

/// AUTH.
pub(super) const AUTH: Command = Command {
    name: "auth",
    group: Group::Connection,
    since: "1.0.0",
    summary: "Authenticates the connection.",
    complexity: "O(N) where N is the number of passwords of the user",
    arity: -2,
    flags: Flags::ALLOW_BUSY
        .and(Flags::FAST)
        .and(Flags::LOADING)
        .and(Flags::NO_AUTH)
        .and(Flags::NOSCRIPT)
        .and(Flags::STALE),
    categories: Categories::CONNECTION.and(Categories::FAST),
    tips: &[],
    keys: &[],
    arguments: &[
        Argument::new("username", ArgumentKind::String).optional().since("6.0.0"),
        Argument::new("password", ArgumentKind::String),
    ],
    subcommands: &[],
    handler: auth,
};

fn auth(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    match arguments.len() {
        2 if context.server.password.is_none() => return Err(Error::NoPasswordSet),
        2 => authenticate(context, b"default", &arguments[1])?,
        3 => authenticate(context, &arguments[1], &arguments[2])?,
        _ => return Err(Error::Syntax),
    }
    context.reply.ok();
    Ok(())
}

/// Authenticates the connection as a user.
///
/// # Errors
/// [`Error::WrongPass`] if there is no such user or the password is not theirs.
pub(super) fn authenticate(context: &mut Context<'_>, user: &[u8], password: &[u8]) -> Result<(), Error> {
    let accepted = user == b"default"
        && context.server.password.as_deref().is_none_or(|expected| equal_in_constant_time(expected, password));
    if !accepted {
        context.server.statistics.denied_authentications += 1;
        return Err(Error::WrongPass);
    }
    context.session.authenticated = true;
    Ok(())
}

/// Compares in a time that depends on the length of `given` only.
fn equal_in_constant_time(expected: &[u8], given: &[u8]) -> bool {
    let mut difference = expected.len() ^ given.len();
    for (index, &byte) in given.iter().enumerate() {
        let other = expected[index % expected.len().max(1)];
        difference |= usize::from(core::hint::black_box(byte ^ other));
    }
    core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_compared_whole() {
        for (expected, given, equal) in
            [("a", "a", true), ("a", "b", false), ("ab", "a", false), ("a", "aa", false), ("abc", "abd", false)]
        {
            assert_eq!(equal_in_constant_time(expected.as_bytes(), given.as_bytes()), equal, "{expected} {given}");
        }
    }
}
