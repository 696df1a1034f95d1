//! Lists.

mod blocking;
mod element;
mod pop;
mod push;
mod read;
mod shift;
#[cfg(test)]
mod tests;

use crate::boundary::id::DatabaseId;
use crate::command::error::Error;
use crate::command::spec::Command;
use crate::data::list::ListRef;
use crate::keyspace::Keyspace;
use crate::keyspace::database::Location;

/// The family.
pub const COMMANDS: &[Command] = &[
    push::LPUSH,
    push::RPUSH,
    push::LPUSHX,
    push::RPUSHX,
    pop::LPOP,
    pop::RPOP,
    pop::LMPOP,
    read::LLEN,
    read::LRANGE,
    read::LINDEX,
    read::LPOS,
    element::LSET,
    element::LINSERT,
    element::LREM,
    element::LTRIM,
    shift::LMOVE,
    shift::RPOPLPUSH,
    blocking::BLPOP,
    blocking::BRPOP,
    blocking::BLMPOP,
    blocking::BLMOVE,
    blocking::BRPOPLPUSH,
];

/// An end of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Front,
    Back,
}

impl End {
    fn parse(word: &[u8]) -> Result<End, Error> {
        if word.eq_ignore_ascii_case(b"left") {
            Ok(End::Front)
        } else if word.eq_ignore_ascii_case(b"right") {
            Ok(End::Back)
        } else {
            Err(Error::Syntax)
        }
    }

    fn is_front(self) -> bool {
        self == End::Front
    }

    /// The event of an element added there.
    fn pushed(self) -> &'static str {
        if self.is_front() { "lpush" } else { "rpush" }
    }

    /// The event of an element taken from there.
    fn popped(self) -> &'static str {
        if self.is_front() { "lpop" } else { "rpop" }
    }
}

/// The list at a location where one was found.
fn list_at(keyspace: &Keyspace, database: DatabaseId, location: Location) -> ListRef<'_> {
    ListRef::of(keyspace.get(database, location).content()).expect("a list was found there")
}
