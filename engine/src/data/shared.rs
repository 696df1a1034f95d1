//! Parts of a collection that a copy of it may share.
//!
//! A snapshot needs a large collection as it is now, and its owner goes on changing
//! it. So the snapshot takes a copy that shares all parts, which costs a counter
//! each, and whoever changes a part that is shared copies that part first.
//!
//! ```text
//! owner   [ own ][ own ][ own ]        share()      owner   [ o ][ o ][ own ]  one part was changed
//!                                    ─────────>               |    |
//!                                                   copy    [ o ][ o ][ o ]
//! ```
//!
//! While nothing is shared, which is nearly always, a part costs no pointer and no
//! counter more than without.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

/// What can be a part: a copy has as much room, so that the account of memory is
/// the same.
pub(in crate::data) trait Part: Default {
    /// A copy with as much room.
    fn copy(&self) -> Self;
}

impl<T: Clone> Part for Vec<T> {
    fn copy(&self) -> Self {
        copy_of(self)
    }
}

impl<T: Clone> Part for VecDeque<T> {
    fn copy(&self) -> Self {
        self.clone()
    }
}

/// A copy of a vector with as much room.
pub(in crate::data) fn copy_of<T: Clone>(vector: &Vec<T>) -> Vec<T> {
    let mut copy = Vec::with_capacity(vector.capacity());
    copy.extend_from_slice(vector);
    copy
}

/// A part, shared or not.
pub(in crate::data) enum Shared<P> {
    /// Nobody else has it.
    Own(P),
    /// Others may have it, too.
    Common(Arc<P>),
}

impl<P: Part> Shared<P> {
    /// The part, to be changed: from here on nobody else has it.
    #[inline]
    pub(in crate::data) fn own(&mut self) -> &mut P {
        if let Shared::Common(_) = self {
            self.separate();
        }
        match self {
            Shared::Own(part) => part,
            Shared::Common(_) => unreachable!("it was just made an own one"),
        }
    }

    #[cold]
    fn separate(&mut self) {
        if let Shared::Common(part) = core::mem::take(self) {
            *self = Shared::Own(Arc::try_unwrap(part).unwrap_or_else(|part| part.copy()));
        }
    }

    /// The same part for somebody else.
    pub(in crate::data) fn share(&mut self) -> Shared<P> {
        if let Shared::Own(part) = self {
            *self = Shared::Common(Arc::new(core::mem::take(part)));
        }
        match self {
            Shared::Common(part) => Shared::Common(Arc::clone(part)),
            Shared::Own(_) => unreachable!("it was just made a common one"),
        }
    }
}

impl<P: Default> Default for Shared<P> {
    fn default() -> Self {
        Shared::Own(P::default())
    }
}

impl<P> Deref for Shared<P> {
    type Target = P;

    #[inline]
    fn deref(&self) -> &P {
        match self {
            Shared::Own(part) => part,
            Shared::Common(part) => part,
        }
    }
}

impl<P: PartialEq> PartialEq for Shared<P> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<P: Eq> Eq for Shared<P> {}

impl<P: fmt::Debug> fmt::Debug for Shared<P> {
    /// Whether it is shared is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<P: Part> Clone for Shared<P> {
    /// A copy that shares nothing.
    fn clone(&self) -> Self {
        Shared::Own(self.deref().copy())
    }
}
