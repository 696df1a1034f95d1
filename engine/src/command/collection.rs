//! What commands on collections have in common.

use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::config::Id;
use crate::data::collection::Body;
use crate::data::limits::Rules;
use crate::data::owned::OwnedEntry;
use crate::data::shape::Type;
use crate::keyspace::change::{Event, Record};
use crate::keyspace::database::{Key, Location};
use crate::resp::request::Arguments;
use core::ops::Range;

/// What LMPOP and its like ask for: `numkeys key … end [COUNT count]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FromSeveral<End> {
    /// Which arguments are the keys.
    pub keys: Range<usize>,
    /// From where elements are taken.
    pub end: End,
    /// How many, at most.
    pub count: usize,
}

impl<End> FromSeveral<End> {
    /// Reads it where the number of keys stands at an index.
    ///
    /// # Errors
    /// If it is not that.
    pub fn parse(
        arguments: &Arguments<'_>,
        at: usize,
        parse_end: impl FnOnce(&[u8]) -> Result<End, Error>,
    ) -> Result<FromSeveral<End>, Error> {
        let positive = |word| parse_i64(word).and_then(|number| usize::try_from(number).ok()).filter(|&some| some > 0);
        let keys = positive(&arguments[at]).ok_or(Error::Text("ERR numkeys should be greater than 0"))?;
        let first = at + 1;
        let behind = keys.checked_add(first).filter(|&behind| behind < arguments.len()).ok_or(Error::Syntax)?;
        let end = parse_end(&arguments[behind])?;
        let count = match (arguments.get(behind + 1), arguments.get(behind + 2)) {
            (None, _) => 1,
            (Some(word), Some(count)) if word.eq_ignore_ascii_case(b"count") => {
                let count = positive(count).ok_or(Error::Text("ERR count should be greater than 0"))?;
                // What is too much is looked at last.
                Some(count).filter(|_| arguments.len() == behind + 3).ok_or(Error::Syntax)?
            }
            _ => return Err(Error::Syntax),
        };
        Ok(FromSeveral { keys: first..behind, end, count })
    }
}

impl Context<'_> {
    /// What collections are made by.
    #[inline]
    pub fn rules(&mut self) -> Rules {
        self.keyspace.rules()
    }

    /// Finds a key of a type for reading; see [`Context::find_read`].
    ///
    /// # Errors
    /// [`Error::WrongType`] if the key holds something else.
    #[inline]
    pub fn find_read_of(&mut self, key: &Key<'_>, value_type: Type) -> Result<Option<Location>, Error> {
        let found = self.find_read(key);
        self.of_type(found, value_type)
    }

    /// Finds a key of a type for writing; see [`Context::find_write`].
    ///
    /// # Errors
    /// [`Error::WrongType`] if the key holds something else.
    #[inline]
    pub fn find_write_of(&mut self, key: &Key<'_>, value_type: Type) -> Result<Option<Location>, Error> {
        let found = self.find_write(key);
        self.of_type(found, value_type)
    }

    fn of_type(&self, found: Option<Location>, value_type: Type) -> Result<Option<Location>, Error> {
        match found {
            Some(location) if self.entry(location).value_type() != value_type => Err(Error::WrongType),
            found => Ok(found),
        }
    }

    /// Has the collection at a location of the selected database changed.
    /// [`Context::changed`] follows; [`Context::remove_emptied`] if it may have
    /// become empty.
    pub fn edit<R>(&mut self, key: &Key<'_>, location: Location, edit: impl FnOnce(&mut Body) -> R) -> R {
        self.keyspace.edit(self.session.database, key, location, edit)
    }

    /// Creates a key of the selected database that is not there.
    /// [`Context::changed`] follows.
    pub fn create(&mut self, key: &Key<'_>, value_type: Type, body: Body) {
        self.also(key, Event::NEW);
        let owned = OwnedEntry::collection(value_type, body, None);
        self.keyspace.attach(self.session.database, key, owned, self.now);
    }

    /// Puts a collection in the place of whatever is at a key of the selected
    /// database, without its expiry. [`Context::changed`] follows.
    pub fn overwrite(&mut self, key: &Key<'_>, value_type: Type, body: Body) {
        self.overwrite_entry(key, OwnedEntry::collection(value_type, body, None));
    }

    /// Removes a key of the selected database whose collection has become empty,
    /// after the change that made it so was stated.
    pub fn remove_emptied(&mut self, key: &Key<'_>) {
        let database = self.session.database;
        if let Some(location) = self.keyspace.locate(database, key) {
            self.remove(database, key, location);
        }
        self.also(key, Event::generic("del"));
    }

    /// Removes the key at a location of the selected database, which is all that
    /// a command did, whatever else it is called.
    pub fn changed_by_deletion(&mut self, key: &Key<'_>, location: Location, event: Event) {
        self.remove(self.session.database, key, location);
        let lazy = self.server.config.boolean(Id::LazyfreeLazyServerDel);
        let request: [&[u8]; 2] = [if lazy { b"UNLINK" } else { b"DEL" }, key.bytes];
        self.also(key, event);
        self.changed(key, Event::generic("del"), Record::Request(&request));
    }

    /// A change counts as several towards the next save, of which
    /// [`Context::changed`] counted one.
    pub fn counts_as(&mut self, changes: u64) {
        self.keyspace.dirty += changes.saturating_sub(1);
    }
}
