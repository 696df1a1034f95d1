//! State as bytes: what an engine is written out as, and restored from.
//!
//! One function a type does both: [`Image::image`] writes what it finds, or puts
//! what it reads in its place. It takes its struct apart by naming every field,
//! so that none is forgotten, and none in one direction only. Each module has the
//! functions of its own types.
//!
//! Numbers are LEB128, signed ones zigzag; what has a length begins with it.
//! Capacities are part of the state where the account of memory counts them.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem::{Discriminant, discriminant};

/// Bytes that are no image of what is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no image of an engine")
    }
}

impl core::error::Error for Damaged {}

/// What is written on, or read from.
#[derive(Debug)]
pub struct Tape<'a> {
    out: Vec<u8>,
    /// What is written behind all else.
    shared: Vec<Arc<Vec<u8>>>,
    rest: &'a [u8],
    /// What was written behind all else, and what follows.
    behind: &'a [u8],
    reads: bool,
}

/// What can be written out and restored.
pub trait Image {
    /// Something that [`Image::image`] can read into.
    fn blank() -> Self
    where
        Self: Sized;

    /// Writes itself, or becomes what it reads.
    ///
    /// # Errors
    /// When it reads, if there is nothing like it.
    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged>;
}

impl<'a> Tape<'a> {
    /// An empty tape, to be written.
    pub fn writer() -> Tape<'static> {
        Tape { out: Vec::new(), shared: Vec::new(), rest: &[], behind: &[], reads: false }
    }

    /// A tape to be read.
    pub fn reader(bytes: &'a [u8]) -> Tape<'a> {
        Tape { out: Vec::new(), shared: Vec::new(), rest: bytes, behind: &[], reads: true }
    }

    /// Likewise, where what is shared was written `behind` it.
    pub fn reader_before(bytes: &'a [u8], behind: &'a [u8]) -> Tape<'a> {
        Tape { behind, ..Tape::reader(bytes) }
    }

    /// True if it is read.
    #[inline]
    pub fn reads(&self) -> bool {
        self.reads
    }

    /// Bytes that were written and not taken yet.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// Takes what was written.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// Takes what is to be written behind all else, each with [`Tape::put_bytes`].
    pub fn take_shared(&mut self) -> Vec<Arc<Vec<u8>>> {
        core::mem::take(&mut self.shared)
    }

    /// What follows all that was shared.
    pub fn behind(&self) -> &'a [u8] {
        self.behind
    }

    /// Bytes that nobody changes any more, and that are so many that they are not
    /// copied at once.
    ///
    /// # Errors
    /// As [`Image::image`].
    pub fn shared(&mut self, bytes: &mut Arc<Vec<u8>>) -> Result<(), Damaged> {
        if !self.reads {
            self.shared.push(Arc::clone(bytes));
            return Ok(());
        }
        let mut behind = Tape::reader(self.behind);
        *bytes = Arc::new(behind.get_bytes()?.to_vec());
        self.behind = behind.rest;
        Ok(())
    }

    /// What is left to be read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// True if all was read.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// All fields of a struct, in order.
    ///
    /// # Errors
    /// As [`Image::image`].
    pub fn each<const N: usize>(&mut self, fields: [&mut dyn Image; N]) -> Result<(), Damaged> {
        fields.into_iter().try_for_each(|field| field.image(self))
    }

    /// Which variant of an enum a value is, of which each variant stands once
    /// among `variants`. When it is read the value becomes that one; its fields
    /// are still to be read.
    ///
    /// # Errors
    /// If there is no such variant.
    pub fn variant<T, const N: usize>(&mut self, value: &mut T, variants: [T; N]) -> Result<(), Damaged> {
        let which = |variant: &T| -> Discriminant<T> { discriminant(variant) };
        let found = variants.iter().position(|variant| which(variant) == which(value));
        let mut number = found.unwrap_or(N) as u64;
        debug_assert!(self.reads || found.is_some(), "a variant was forgotten");
        self.number(&mut number)?;
        if self.reads {
            let index = usize::try_from(number).map_err(|_| Damaged)?;
            *value = variants.into_iter().nth(index).ok_or(Damaged)?;
        }
        Ok(())
    }

    /// A number.
    ///
    /// # Errors
    /// If it ends within it.
    #[inline]
    pub fn number(&mut self, number: &mut u64) -> Result<(), Damaged> {
        if !self.reads {
            let mut left = *number;
            while left >= 0x80 {
                self.out.push(left as u8 | 0x80);
                left >>= 7;
            }
            self.out.push(left as u8);
            return Ok(());
        }
        *number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Damaged)?;
            self.rest = rest;
            *number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(());
            }
        }
        Err(Damaged)
    }

    /// A length: of so many parts, of which each takes a byte at least.
    fn length(&mut self, length: usize) -> Result<usize, Damaged> {
        let mut number = length as u64;
        self.number(&mut number)?;
        let fits = |length: &usize| !self.reads || *length <= self.rest.len();
        usize::try_from(number).ok().filter(fits).ok_or(Damaged)
    }

    /// Appends bytes with their length.
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        // Writing does not fail.
        let _ = self.length(bytes.len());
        self.out.extend_from_slice(bytes);
    }

    /// Reads bytes that [`Tape::put_bytes`] wrote.
    ///
    /// # Errors
    /// If there are not that many.
    pub fn get_bytes(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.length(0)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Damaged)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The parts of a sequence: those there are, or as many as were, to be kept.
    fn sequence<'t, T>(
        &mut self,
        mut parts: impl Iterator<Item = &'t mut T>,
        length: usize,
        mut keep: impl FnMut(T),
    ) -> Result<(), Damaged>
    where
        T: Image + 't,
    {
        let length = self.length(length)?;
        if !self.reads {
            return parts.try_for_each(|part| part.image(self));
        }
        for _ in 0..length {
            let mut part = T::blank();
            part.image(self)?;
            keep(part);
        }
        Ok(())
    }
}

impl Image for u64 {
    fn blank() -> u64 {
        0
    }

    #[inline]
    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.number(self)
    }
}

impl Image for i64 {
    fn blank() -> i64 {
        0
    }

    #[inline]
    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut number = (*self << 1 ^ *self >> 63) as u64;
        tape.number(&mut number)?;
        if tape.reads {
            *self = (number >> 1) as i64 ^ -((number & 1) as i64);
        }
        Ok(())
    }
}

impl Image for u16 {
    fn blank() -> u16 {
        0
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        narrow(self, tape)
    }
}

impl Image for u32 {
    fn blank() -> u32 {
        0
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        narrow(self, tape)
    }
}

impl Image for usize {
    fn blank() -> usize {
        0
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut wide = *self as u64;
        tape.number(&mut wide)?;
        *self = usize::try_from(wide).map_err(|_| Damaged)?;
        Ok(())
    }
}

fn narrow<T: Copy + Into<u64> + TryFrom<u64>>(number: &mut T, tape: &mut Tape<'_>) -> Result<(), Damaged> {
    let mut wide = (*number).into();
    tape.number(&mut wide)?;
    *number = T::try_from(wide).map_err(|_| Damaged)?;
    Ok(())
}

impl Image for i32 {
    fn blank() -> i32 {
        0
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut wide = i64::from(*self);
        wide.image(tape)?;
        *self = i32::try_from(wide).map_err(|_| Damaged)?;
        Ok(())
    }
}

impl Image for f64 {
    fn blank() -> f64 {
        0.0
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut bits = self.to_bits();
        tape.number(&mut bits)?;
        *self = f64::from_bits(bits);
        Ok(())
    }
}

impl Image for bool {
    fn blank() -> bool {
        false
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut number = u64::from(*self);
        tape.number(&mut number)?;
        *self = number != 0;
        Ok(())
    }
}

impl Image for String {
    fn blank() -> String {
        String::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        if !tape.reads {
            tape.put_bytes(self.as_bytes());
            return Ok(());
        }
        let text = core::str::from_utf8(tape.get_bytes()?).map_err(|_| Damaged)?;
        *self = text.into();
        Ok(())
    }
}

impl Image for Cow<'static, str> {
    fn blank() -> Cow<'static, str> {
        Cow::Borrowed("")
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut text = String::from(&**self);
        text.image(tape)?;
        if tape.reads {
            *self = Cow::Owned(text);
        }
        Ok(())
    }
}

impl Image for Box<[u8]> {
    fn blank() -> Box<[u8]> {
        Box::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        if !tape.reads {
            tape.put_bytes(self);
            return Ok(());
        }
        *self = tape.get_bytes()?.into();
        Ok(())
    }
}

impl Image for Arc<[u8]> {
    fn blank() -> Arc<[u8]> {
        Arc::from([])
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        if !tape.reads {
            tape.put_bytes(self);
            return Ok(());
        }
        *self = tape.get_bytes()?.into();
        Ok(())
    }
}

impl<T: Image> Image for Box<T> {
    fn blank() -> Box<T> {
        Box::new(T::blank())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        (**self).image(tape)
    }
}

impl<T: Image> Image for Option<T> {
    fn blank() -> Option<T> {
        None
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut is_some = self.is_some();
        is_some.image(tape)?;
        if tape.reads {
            *self = is_some.then(T::blank);
        }
        self.as_mut().map_or(Ok(()), |value| value.image(tape))
    }
}

impl<T: Image, E: Image> Image for Result<T, E> {
    fn blank() -> Result<T, E> {
        Ok(T::blank())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut is_ok = self.is_ok();
        is_ok.image(tape)?;
        if tape.reads {
            *self = if is_ok { Ok(T::blank()) } else { Err(E::blank()) };
        }
        match self {
            Ok(value) => value.image(tape),
            Err(error) => error.image(tape),
        }
    }
}

impl<T: Image> Image for Vec<T> {
    fn blank() -> Vec<T> {
        Vec::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let (length, mut read) = (self.len(), Vec::new());
        tape.sequence(self.iter_mut(), length, |part| read.push(part))?;
        if tape.reads {
            *self = read;
        }
        Ok(())
    }
}

/// With its capacity.
impl Image for Vec<u8> {
    fn blank() -> Vec<u8> {
        Vec::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut capacity = self.capacity();
        capacity.image(tape)?;
        if !tape.reads {
            tape.put_bytes(self);
            return Ok(());
        }
        let bytes = tape.get_bytes()?;
        *self = Vec::new();
        self.try_reserve_exact(capacity.max(bytes.len())).map_err(|_| Damaged)?;
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl<T: Image> Image for VecDeque<T> {
    fn blank() -> VecDeque<T> {
        VecDeque::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let (length, mut read) = (self.len(), VecDeque::new());
        tape.sequence(self.iter_mut(), length, |part| read.push_back(part))?;
        if tape.reads {
            *self = read;
        }
        Ok(())
    }
}

impl<T: Image + Clone + Ord> Image for BTreeSet<T> {
    fn blank() -> BTreeSet<T> {
        BTreeSet::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut all: Vec<T> = self.iter().cloned().collect();
        all.image(tape)?;
        if tape.reads {
            *self = all.into_iter().collect();
        }
        Ok(())
    }
}

impl<K: Image + Clone + Ord, V: Image> Image for BTreeMap<K, V> {
    fn blank() -> BTreeMap<K, V> {
        BTreeMap::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let length = tape.length(self.len())?;
        if !tape.reads {
            return self.iter_mut().try_for_each(|(key, value)| tape.each([&mut key.clone(), value]));
        }
        self.clear();
        for _ in 0..length {
            let (mut key, mut value) = (K::blank(), V::blank());
            tape.each([&mut key, &mut value])?;
            self.insert(key, value);
        }
        Ok(())
    }
}

impl<T: Image, const N: usize> Image for [T; N] {
    fn blank() -> [T; N] {
        core::array::from_fn(|_| T::blank())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.iter_mut().try_for_each(|part| part.image(tape))
    }
}

impl<const N: usize> Image for [u8; N] {
    fn blank() -> [u8; N] {
        [0; N]
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        if !tape.reads {
            tape.out.extend_from_slice(self);
            return Ok(());
        }
        let (bytes, rest) = tape.rest.split_first_chunk().ok_or(Damaged)?;
        (*self, tape.rest) = (*bytes, rest);
        Ok(())
    }
}

impl<A: Image, B: Image> Image for (A, B) {
    fn blank() -> (A, B) {
        (A::blank(), B::blank())
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.each([&mut self.0, &mut self.1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn comes_back<T: Image + PartialEq + fmt::Debug>(mut value: T) {
        let mut tape = Tape::writer();
        assert_eq!(value.image(&mut tape), Ok(()));
        let bytes = tape.take();
        let mut read = T::blank();
        let mut tape = Tape::reader(&bytes);
        assert_eq!(read.image(&mut tape), Ok(()));
        assert!(tape.is_at_end());
        assert_eq!(read, value);
        for length in 0..bytes.len() {
            assert_eq!(T::blank().image(&mut Tape::reader(&bytes[..length])), Err(Damaged));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        comes_back((0u64, u64::MAX));
        comes_back([i64::MIN, -1, 0, 1, i64::MAX]);
        comes_back((300u16, (u32::MAX, (-5i32, *b"abc"))));
        comes_back((true, Some(1.5f64)));
        comes_back(vec![Some("a".to_string()), None, Some(String::new())]);
        comes_back(BTreeMap::from([(1u64, vec![1u8, 200]), (2, vec![])]));
        comes_back(BTreeSet::from([(1u32, Box::<[u8]>::from(*b"key"))]));
        comes_back(VecDeque::from([Ok(1u64), Err("no".to_string())]));
    }

    #[test]
    fn a_buffer_keeps_its_capacity() {
        let mut buffer = Vec::with_capacity(100);
        buffer.extend_from_slice(b"abc");
        let mut tape = Tape::writer();
        assert_eq!(buffer.image(&mut tape), Ok(()));
        let bytes = tape.take();
        let mut read = Vec::new();
        assert_eq!(read.image(&mut Tape::reader(&bytes)), Ok(()));
        assert_eq!((read.capacity(), &read[..]), (100, &b"abc"[..]));
    }
}
