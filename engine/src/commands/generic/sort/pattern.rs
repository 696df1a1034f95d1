//! What an element stands for: the string at another key, or a field of a hash.
//!
//! ```text
//! weight_*              the string at weight_ and the element
//! object_*_data->field  the field of the hash at object_, the element and _data
//! #                     the element itself
//! ```

use crate::boundary::id::DatabaseId;
use crate::command::context::Context;
use crate::data::entry::{Content, Value};
use crate::data::fields::HashRef;
use crate::keyspace::Keyspace;
use crate::keyspace::database::Location;

/// A pattern of BY or GET.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pattern<'a> {
    /// `#`.
    Element,
    /// Without a `*`: stands for nothing.
    Nothing,
    /// A key, made of the element and what stands around it.
    Key {
        /// Before the element.
        before: &'a [u8],
        /// Behind it.
        behind: &'a [u8],
        /// The field of the hash that is there.
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    /// Takes a pattern apart.
    pub(super) fn parse(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = text.iter().position(|byte| *byte == b'*') else { return Pattern::Nothing };
        let (before, rest) = (&text[..star], &text[star + 1..]);
        let arrow = rest.windows(2).position(|pair| pair == b"->");
        match arrow.filter(|arrow| arrow + 2 < rest.len()) {
            Some(arrow) => Pattern::Key { before, behind: &rest[..arrow], field: Some(&rest[arrow + 2..]) },
            None => Pattern::Key { before, behind: rest, field: None },
        }
    }

    /// Finds the key that an element stands for, if there is one.
    pub(super) fn find(&self, context: &mut Context<'_>, element: &[u8]) -> Option<Location> {
        let Pattern::Key { before, behind, .. } = self else { return None };
        let name = [before, element, behind].concat();
        let key = context.keyspace.key(&name);
        context.find_read(&key)
    }

    /// What an element stands for, which may be nothing; `found` is where
    /// [`Pattern::find`] just found its key. Fields that expired before
    /// `hidden_before_ms` are nothing.
    pub(super) fn value<'v>(
        &self,
        (keyspace, database): (&'v Keyspace, DatabaseId),
        hidden_before_ms: Option<i64>,
        found: Option<Location>,
        element: &'v [u8],
    ) -> Option<Value<'v>> {
        let field = match self {
            Pattern::Element => return Some(Value::Bytes(element)),
            Pattern::Nothing => return None,
            Pattern::Key { field, .. } => field,
        };
        match (keyspace.get(database, found?).content(), field) {
            (Content::String(value), None) => Some(value),
            (content, Some(field)) => HashRef::of(content)?.visible(hidden_before_ms).get(field),
            _ => None,
        }
    }
}
