//! Fields that expire: setting them, their times, and removing them.

use super::{HashRef, remove};
use crate::data::collection::Body;
use crate::data::limits::Rules;

/// When a field that is set expires.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lifetime {
    /// Never.
    Endless,
    /// When it did before, unless that has passed.
    Kept,
    /// Then, milliseconds since 1970.
    Until(i64),
}

/// What setting a field came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SetField {
    /// It was not there, or had expired.
    pub new: bool,
    /// It was there, and had expired.
    pub had_expired: bool,
}

/// What setting a field's time came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expired {
    /// There is no such field.
    Missing,
    /// A condition is not met.
    Refused,
    /// The field has it.
    Set,
    /// The time has passed: the field is gone.
    Removed,
}

/// What taking a field's time away came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Persisted {
    /// There is no such field.
    Missing,
    /// It does not expire.
    Endless,
    /// It does not any more.
    Done,
}

impl Rules {
    /// Gives a field a value, and a time. What expired at `past_ms` or before counts
    /// as not there, if anything does.
    pub fn set_field_for(
        &self,
        body: &mut Body,
        field: &[u8],
        value: &[u8],
        lifetime: Lifetime,
        past_ms: Option<i64>,
    ) -> SetField {
        if matches!((lifetime, &body), (Lifetime::Until(_), Body::Packed(..))) {
            self.spread(body);
        }
        let before = match HashRef::of_body(body) {
            HashRef::Members(members) if members.expiring() > 0 => {
                members.get(field).and_then(|element| element.expire_at_ms)
            }
            _ => None,
        };
        let had_expired = before.is_some_and(|at| past_ms.is_some_and(|past_ms| at <= past_ms));
        let expire_at_ms = match lifetime {
            Lifetime::Endless => None,
            Lifetime::Kept => before.filter(|_| !had_expired),
            Lifetime::Until(at) => Some(at),
        };
        let new = match (body, expire_at_ms) {
            (Body::Large(collection), Some(at)) => collection.members_mut().insert(field, value, Some(at)),
            (body, _) => self.set_field(body, field, value),
        };
        SetField { new: new || had_expired, had_expired }
    }

    /// Lets a field expire, if there is one, none of those that expired before
    /// `hidden_before_ms`, and `allows` that of the time it has. A time that is not
    /// after `past_ms` removes it.
    pub fn expire_field(
        &self,
        body: &mut Body,
        field: &[u8],
        expire_at_ms: i64,
        (hidden_before_ms, past_ms): (Option<i64>, Option<i64>),
        allows: impl FnOnce(Option<i64>) -> bool,
    ) -> Expired {
        let Some((_, before)) = HashRef::of_body(body).visible(hidden_before_ms).find(field) else {
            return Expired::Missing;
        };
        if !allows(before) {
            return Expired::Refused;
        }
        if past_ms.is_some_and(|past_ms| expire_at_ms <= past_ms) {
            remove(body, field);
            return Expired::Removed;
        }
        if matches!(body, Body::Packed(..)) {
            self.spread(body);
        }
        if let Body::Large(collection) = body {
            collection.members_mut().set_expiry(field, Some(expire_at_ms));
        }
        Expired::Set
    }
}

/// Lets a field never expire, if it is none of those that expired before
/// `hidden_before_ms`.
pub fn persist(body: &mut Body, field: &[u8], hidden_before_ms: Option<i64>) -> Persisted {
    match HashRef::of_body(body).visible(hidden_before_ms).find(field) {
        None => Persisted::Missing,
        Some((_, None)) => Persisted::Endless,
        Some(_) => {
            if let Body::Large(collection) = body {
                collection.members_mut().set_expiry(field, None);
            }
            Persisted::Done
        }
    }
}

/// Removes a field, if it is none of those that expired before
/// `hidden_before_ms`. True if it was there.
pub fn remove_visible(body: &mut Body, field: &[u8], hidden_before_ms: Option<i64>) -> bool {
    let hash = HashRef::of_body(body).visible(hidden_before_ms);
    let there = !hash.hides() || hash.get(field).is_some();
    there && remove(body, field)
}

/// Removes the fields that expired before a time, whatever that takes.
pub fn drop_due(body: &mut Body, before_ms: i64) {
    if let (Body::Large(collection), Some(last_ms)) = (body, before_ms.checked_sub(1)) {
        let members = collection.members_mut();
        if members.next_expiry().is_some_and(|at| at <= last_ms) {
            while !members.take_due(last_ms, usize::MAX, usize::MAX, |_| ()).1 {}
        }
    }
}
