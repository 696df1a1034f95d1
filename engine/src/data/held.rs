//! An entry in one hand.

use crate::data::collection::Collection;
use crate::data::entry::{Entry, EntryRef};
use core::marker::PhantomData;

/// An entry that nobody else has in hand: what it has may be shared.
#[derive(Debug)]
pub struct Held<'a> {
    entry: Entry,
    table: PhantomData<&'a mut ()>,
}

impl Held<'_> {
    /// The entry, for as long as the caller knows it to live and to be in no other
    /// hands.
    #[inline]
    pub(crate) fn new(entry: Entry) -> Self {
        Held { entry, table: PhantomData }
    }

    /// The entry.
    #[inline]
    pub fn entry(&self) -> EntryRef<'_> {
        EntryRef::new(self.entry)
    }

    /// A copy of a large collection that shares all that is large in it.
    pub fn share(&mut self) -> Option<Collection> {
        self.entry.share_collection()
    }
}
