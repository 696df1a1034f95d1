//! A hash as a command sees it: fields that have expired are not there, though
//! nobody has removed them yet.

use super::HashRef;
use crate::base::random::Random;
use crate::data::entry::Value;
use crate::data::members::{Element, Members};
use alloc::vec::Vec;

/// Tries to hit a field at random that has not expired.
const TRIES: usize = 100;
/// If more than one in so many is wanted, all are looked at.
const SAMPLE_FACTOR: usize = 3;
/// Tries for each of several.
const SAMPLE_TRIES: usize = 10;

/// A hash without the fields that expired before a time.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a> {
    hash: HashRef<'a>,
    /// `None` if none has.
    hidden_before_ms: Option<i64>,
}

impl<'a> HashRef<'a> {
    /// The hash without the fields that expired before `hidden_before_ms`, with
    /// all of them if that is `None`.
    #[inline]
    pub fn visible(self, hidden_before_ms: Option<i64>) -> Visible<'a> {
        let hides = |&before: &i64| match self {
            HashRef::Members(members) => members.next_expiry().is_some_and(|at| at < before),
            HashRef::Listpack(_) => false,
        };
        Visible { hash: self, hidden_before_ms: hidden_before_ms.filter(hides) }
    }
}

impl<'a> Visible<'a> {
    /// The hash with all that is there.
    pub fn whole(self) -> HashRef<'a> {
        self.hash
    }

    /// True if fields have expired that are still there.
    pub fn hides(self) -> bool {
        self.hidden_before_ms.is_some()
    }

    /// Number of fields, those included that have expired and are still there.
    #[inline]
    pub fn len_with_hidden(self) -> usize {
        self.hash.len()
    }

    /// Number of fields.
    pub fn count(self) -> usize {
        if self.hidden_before_ms.is_none() { self.hash.len() } else { self.iter().count() }
    }

    /// True if an element has not expired.
    #[inline]
    fn sees(self, element: &Element<'_>) -> bool {
        match (self.hidden_before_ms, element.expire_at_ms) {
            (Some(before), Some(at)) => at >= before,
            _ => true,
        }
    }

    /// The value of a field.
    #[inline]
    pub fn get(self, field: &[u8]) -> Option<Value<'a>> {
        self.find(field).map(|(value, _)| value)
    }

    /// The value of a field, and when that expires.
    #[inline]
    pub fn find(self, field: &[u8]) -> Option<(Value<'a>, Option<i64>)> {
        match self.hash {
            HashRef::Members(members) => {
                let element = members.get(field).filter(|element| self.sees(element))?;
                Some((Value::Bytes(element.value), element.expire_at_ms))
            }
            hash => hash.get(field).map(|value| (value, None)),
        }
    }

    /// All fields with their values.
    pub fn iter(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let hides = self.hidden_before_ms.is_some();
        let (all, some) = match self.hash {
            HashRef::Members(members) if hides => (None, Some(members.iter())),
            hash => (Some(hash.iter()), None),
        };
        let seen = some.into_iter().flatten().filter(move |element| self.sees(element));
        all.into_iter().flatten().chain(seen.map(|element| pair(&element)))
    }

    /// Visits the fields of a hashtable from a cursor on; returns the next one, see
    /// [`Members::scan`].
    pub fn scan(
        self,
        members: &'a Members,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(Value<'_>, Value<'_>),
    ) -> u64 {
        members.scan(cursor, count, |element| {
            if self.sees(&element) {
                visit(Value::Bytes(element.member), Value::Bytes(element.value));
            }
        })
    }

    /// A field at random with its value, each as likely as any other. `None` also
    /// if so many have expired that none was hit.
    pub fn random(self, mut random: impl FnMut() -> u64) -> Option<(Value<'a>, Value<'a>)> {
        match self.hash {
            HashRef::Members(members) if self.hidden_before_ms.is_some() => {
                for _ in 0..TRIES {
                    let element = members.random(&mut random)?;
                    if self.sees(&element) {
                        return Some(pair(&element));
                    }
                }
                None
            }
            hash => hash.random(random),
        }
    }

    /// Different fields with their values, so many or all if there are not more.
    /// Of a large hash there may be fewer if many have expired.
    pub fn sample(self, count: usize, random: &mut Random) -> Vec<(Value<'a>, Value<'a>)> {
        let HashRef::Members(members) = self.hash else { return self.hash.sample(count, random) };
        if self.hidden_before_ms.is_none() {
            return self.hash.sample(count, random);
        }
        if count.saturating_mul(SAMPLE_FACTOR) >= members.len() {
            return random.select(self.iter(), self.count(), count);
        }
        let wanted = count.saturating_mul(SAMPLE_TRIES).min(members.len().saturating_sub(1) / SAMPLE_FACTOR);
        let mut sample = members.sample(wanted.max(count), random);
        sample.retain(|element| self.sees(element));
        sample.truncate(count);
        sample.iter().map(pair).collect()
    }
}

#[inline]
fn pair<'a>(element: &Element<'a>) -> (Value<'a>, Value<'a>) {
    (Value::Bytes(element.member), Value::Bytes(element.value))
}
