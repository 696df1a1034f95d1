//! What a request asks for.

use super::pattern::Pattern;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::keyspace::database::Key;
use crate::resp::request::Arguments;
use alloc::vec::Vec;
use core::ops::Range;

/// A request.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// BY: what tells the weight of an element.
    pub(super) by: Option<Pattern<'a>>,
    /// BY with a word that names no key: elements stay in the order that they have.
    pub(super) unsorted: bool,
    /// ALPHA: weights are texts.
    pub(super) alpha: bool,
    /// DESC.
    pub(super) descending: bool,
    /// GET, in order; nothing for the elements themselves.
    pub(super) get: Vec<Pattern<'a>>,
    /// STORE.
    pub(super) destination: Option<Key<'a>>,
    /// LIMIT: how many are left out.
    offset: i64,
    /// LIMIT: how many are wanted, all if negative.
    count: i64,
}

impl<'a> Request<'a> {
    /// Parses a request, which may have STORE if it `stores`.
    ///
    /// # Errors
    /// [`Error::Syntax`], [`Error::NotInteger`].
    pub(super) fn parse(context: &Context<'_>, arguments: &Arguments<'a>, stores: bool) -> Result<Request<'a>, Error> {
        let mut request = Request {
            by: None,
            unsorted: false,
            alpha: false,
            descending: false,
            get: Vec::new(),
            destination: None,
            offset: 0,
            count: -1,
        };
        let mut index = 2;
        while let Some(word) = arguments.get(index) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let next = arguments.get(index + 1);
            index += 1;
            match next {
                _ if is("asc") => request.descending = false,
                _ if is("desc") => request.descending = true,
                _ if is("alpha") => request.alpha = true,
                Some(offset) if is("limit") && index + 1 < arguments.len() => {
                    request.offset = parse_i64(offset).ok_or(Error::NotInteger)?;
                    request.count = parse_i64(&arguments[index + 1]).ok_or(Error::NotInteger)?;
                    index += 2;
                }
                Some(_) if stores && is("store") => {
                    request.destination = Some(context.key(arguments, index));
                    index += 1;
                }
                Some(pattern) if is("by") => {
                    request.unsorted |= !pattern.contains(&b'*');
                    request.by = Some(Pattern::parse(pattern));
                    index += 1;
                }
                Some(pattern) if is("get") => {
                    request.get.push(Pattern::parse(pattern));
                    index += 1;
                }
                _ => return Err(Error::Syntax),
            }
        }
        Ok(request)
    }

    /// Which of so many elements in their order are asked for.
    pub(super) fn range(&self, length: usize) -> Range<usize> {
        let clamp = |number: i64| usize::try_from(number).unwrap_or(if number < 0 { 0 } else { length }).min(length);
        let start = clamp(self.offset);
        if self.count < 0 { start..length } else { start..start.saturating_add(clamp(self.count)).min(length) }
    }
}
