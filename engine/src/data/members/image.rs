//! A table in an image: its layout to the byte, so that whoever goes on from it
//! goes on the same.

use super::bucket::{Bucket, Parts};
use super::grow::CHUNK;
use super::lengths::Lengths;
use super::{Members, tag_of};
use crate::base::image::{Damaged, Image, Tape};
use crate::base::sip_hash::SipKey;
use crate::data::shared::Shared;
use alloc::vec::Vec;

/// More than a table's level ever is.
const LEVEL_MAX: u32 = 40;

impl Members {
    /// Writes an image of it.
    pub fn write(&self, tape: &mut Tape<'_>) {
        let SipKey { mut k0, mut k1 } = self.sip;
        let (mut level, mut split) = (self.level, self.split);
        let (mut earliest_ms, mut swept_ms, mut swept_to) = (self.earliest_ms, self.swept_ms, self.swept_to);
        let (mut directory, mut lengths) = (self.chunks.capacity(), self.lengths.capacity());
        // Writing does not fail.
        let _ = tape.each([&mut k0, &mut k1, &mut level, &mut split]);
        let _ = tape.each([&mut earliest_ms, &mut swept_ms, &mut swept_to, &mut directory, &mut lengths]);
        for chunk in &self.chunks {
            let _ = chunk.capacity().image(tape);
            chunk.iter().for_each(|bucket| write_bucket(bucket, tape));
        }
    }

    /// Reads the image of one with or without values.
    ///
    /// # Errors
    /// If there is none.
    pub fn read(tape: &mut Tape<'_>, valued: bool) -> Result<Members, Damaged> {
        let (mut k0, mut k1, mut level, mut split) = (0u64, 0u64, 0u32, 0usize);
        tape.each([&mut k0, &mut k1, &mut level, &mut split])?;
        if level > LEVEL_MAX || split >= 1 << level {
            return Err(Damaged);
        }
        let mut members = Members { level, split, chunks: Vec::new(), ..Members::new(SipKey { k0, k1 }, valued) };
        let (mut directory, mut lengths) = (0usize, 0usize);
        let Members { earliest_ms, swept_ms, swept_to, .. } = &mut members;
        tape.each([earliest_ms, swept_ms, swept_to, &mut directory, &mut lengths])?;
        let mut left = members.bucket_count();
        while left > 0 {
            let count = left.min(CHUNK);
            members.read_chunk(tape, count)?;
            left -= count;
        }
        if directory < members.chunks.len() || directory > members.chunks.len() * 2 {
            return Err(Damaged);
        }
        let chunks = members.chunks.len();
        members.chunks.shrink_to_fit();
        members.chunks.reserve_exact(directory - chunks);
        members.directory_bytes = members.count_directory();
        members.lengths = Lengths::of_image(members.buckets().map(Bucket::len), lengths).ok_or(Damaged)?;
        let earliest_ms = members.buckets().map(Bucket::earliest_ms).min().unwrap_or(i64::MAX);
        if members.earliest_ms > earliest_ms {
            return Err(Damaged);
        }
        Ok(members)
    }

    fn read_chunk(&mut self, tape: &mut Tape<'_>, count: usize) -> Result<(), Damaged> {
        let mut capacity = 0usize;
        capacity.image(tape)?;
        if !(count..=CHUNK).contains(&capacity) {
            return Err(Damaged);
        }
        let mut chunk = Vec::with_capacity(capacity);
        for at in 0..count {
            let bucket = read_bucket(tape, self.valued)?;
            if !self.belongs(&bucket, self.chunks.len() * CHUNK + at) {
                return Err(Damaged);
            }
            self.len += bucket.len();
            self.expiring += bucket.iter(self.valued).filter(|stored| stored.expire_at_ms.is_some()).count();
            self.weight += bucket.weight();
            self.bucket_bytes += bucket.footprint();
            chunk.push(bucket);
        }
        self.chunks.push(Shared::Own(chunk));
        Ok(())
    }

    /// True if the elements of a bucket of this number are found there.
    fn belongs(&self, bucket: &Bucket, number: usize) -> bool {
        bucket.iter(self.valued).enumerate().all(|(index, stored)| {
            let hash = self.hash(bucket.parts(&stored).0);
            self.index_of(hash) == number && tag_of(hash) == bucket.tag(index)
        })
    }

    /// All buckets by number.
    pub(super) fn buckets(&self) -> impl Iterator<Item = &Bucket> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

fn write_bucket(bucket: &Bucket, tape: &mut Tape<'_>) {
    let Parts { bytes, mut capacity, mut count, mut wide, texts, mut texts_capacity } = bucket.image_parts();
    let mut text_count = texts.len();
    let _ = tape.each([&mut capacity, &mut count, &mut wide, &mut texts_capacity, &mut text_count]);
    tape.put_bytes(bytes);
    texts.into_iter().for_each(|text| tape.put_bytes(text));
}

fn read_bucket(tape: &mut Tape<'_>, valued: bool) -> Result<Bucket, Damaged> {
    let (mut capacity, mut count, mut wide) = (0usize, 0u32, false);
    let (mut texts_capacity, mut text_count) = (0usize, 0usize);
    tape.each([&mut capacity, &mut count, &mut wide, &mut texts_capacity, &mut text_count])?;
    let bytes = tape.get_bytes()?;
    let mut texts = Vec::new();
    for _ in 0..text_count {
        texts.push(tape.get_bytes()?);
    }
    Bucket::of_image(valued, &Parts { bytes, capacity, count, wide, texts, texts_capacity }).ok_or(Damaged)
}
