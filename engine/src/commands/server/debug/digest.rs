//! DEBUG DIGEST and DIGEST-VALUE: equal data has equal digests, whatever the
//! order in which it came and lies.
//!
//! The scheme is the reference's, so that a digest can be compared with one of
//! a reference server: what has no order is combined by exclusive or of SHA-1
//! digests, what has one by hashing the digest so far again.

use crate::base::sha1::sha1;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::data::collection::Collection;
use crate::data::entry::{Content, EntryRef};
use crate::data::shape::Type;
use crate::data::stream::Stream;
use crate::keyspace::Keyspace;
use crate::keyspace::database::{Database, Slot};
use crate::resp::request::Arguments;
use alloc::format;
use alloc::string::String;

#[derive(Clone, Copy, Default)]
struct Digest([u8; 20]);

impl Digest {
    /// Adds something that has no order among its like.
    fn add(&mut self, bytes: &[u8]) {
        for (byte, more) in self.0.iter_mut().zip(sha1(bytes)) {
            *byte ^= more;
        }
    }

    /// Adds the next thing of an order.
    fn append(&mut self, bytes: &[u8]) {
        self.add(bytes);
        self.0 = sha1(&self.0);
    }

    fn text(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

pub(super) fn digest(context: &mut Context<'_>, _arguments: Arguments<'_>) -> Result<(), Error> {
    let text = of_keyspace(context.keyspace).text();
    context.reply.simple(&text);
    Ok(())
}

pub(super) fn digest_value(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    context.reply.array(arguments.len() - 2);
    for index in 2..arguments.len() {
        let key = context.key(&arguments, index);
        let mut digest = Digest::default();
        if let Some(location) = context.find_live(context.database(), &key) {
            append_value(&mut digest, context.entry(location));
        }
        context.reply.simple(&digest.text());
    }
    Ok(())
}

fn of_keyspace(keyspace: &Keyspace) -> Digest {
    let mut whole = Digest::default();
    for (id, database) in keyspace.databases().filter(|(_, database)| !database.is_empty()) {
        whole.append(&id.0.to_be_bytes());
        for_each_entry(database, |entry| {
            let mut digest = Digest::default();
            digest.append(entry.key());
            append_value(&mut digest, entry);
            whole.add(&digest.0);
        });
    }
    whole
}

fn for_each_entry(database: &Database, mut visit: impl FnMut(EntryRef<'_>)) {
    for slot in 0..database.slot_count() {
        database.scan(Slot(slot), 0, usize::MAX, &mut visit);
    }
}

fn append_value(digest: &mut Digest, entry: EntryRef<'_>) {
    digest.append(&(entry.value_type() as u32).to_be_bytes());
    match entry.content() {
        Content::String(value) => digest.append(value.bytes(&mut [0; 20])),
        Content::Large(_, Collection::Stream(stream)) => append_entries(digest, stream),
        content => {
            content.for_each_element(|element, value| match value {
                None if entry.value_type() == Type::List => digest.append(element.bytes(&mut [0; 20])),
                None => digest.add(element.bytes(&mut [0; 20])),
                Some(value) => {
                    let mut pair = Digest::default();
                    pair.append(element.bytes(&mut [0; 20]));
                    pair.append(value.bytes(&mut [0; 20]));
                    digest.add(&pair.0);
                }
            });
        }
    }
    if entry.expire_at_ms().is_some() {
        digest.add(b"!!expire!!");
    }
}

/// Groups are no part of it, as in the reference.
fn append_entries(digest: &mut Digest, stream: &Stream) {
    for entry in stream.iter() {
        digest.append(format!("{}.{}", entry.id.ms, entry.id.sequence).as_bytes());
        for (name, value) in entry.fields {
            digest.append(name.bytes(&mut [0; 20]));
            digest.append(value.bytes(&mut [0; 20]));
        }
    }
}
