//! Tests of the codec: against files that real servers wrote, against itself, and against damage.

mod check;
mod damage;
mod dump;
mod expiring_fields;
mod old_encodings;
mod reference_files;
mod round_trip;
mod sample;
mod streams;
mod version;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::data::limits::Rules;

use super::{Eviction, Item, LoadError, Reader, ValueRef};

/// An item as a line of text, so that what is expected can be read.
fn describe(item: Item<'_>) -> String {
    match item {
        Item::Header { version } => format!("version {version}"),
        Item::Aux { key, value } => format!("aux {}={}", key.escape_ascii(), value.escape_ascii()),
        Item::SelectDb(database) => format!("db {database}"),
        Item::ResizeDb { keys, expires } => format!("size {keys} {expires}"),
        Item::SlotInfo { slot, keys, expires } => format!("slot {slot} {keys} {expires}"),
        Item::SlotImport { job, ranges } => format!("import {} {ranges}", job.escape_ascii()),
        Item::SlotRange { start, end } => format!("range {start} {end}"),
        Item::Entry { key, value, expire_at_ms, eviction } => {
            let mut line = format!("{} = ", key.escape_ascii());
            line += &match value {
                ValueRef::String(text) => format!("{}", text.escape_ascii()),
                ValueRef::Integer(value) => format!("({value})"),
            };
            if let Some(time) = expire_at_ms {
                line += &format!(" @{time}");
            }
            match eviction {
                Some(Eviction::Lru { idle_seconds }) => line += &format!(" idle {idle_seconds}"),
                Some(Eviction::Lfu { frequency }) => line += &format!(" frequency {frequency}"),
                None => {}
            }
            line
        }
        Item::Part => unreachable!("they are passed over"),
        Item::Collection { key, value_type, body, expire_at_ms, .. } => {
            let size = body.map_or(0, |body| body.content(value_type).len());
            format!("{} = {} of {size} @{expire_at_ms:?}", key.escape_ascii(), value_type.name())
        }
        Item::Function(source) => format!("function {}", source.escape_ascii()),
        Item::ModuleAux { identity, when } => format!("module {identity:x} {when}"),
        Item::End(checksum) => format!("end {checksum:?}"),
    }
}

/// All items of a file that arrives as `pieces`.
fn read_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<String>, LoadError> {
    let mut reader = Reader::new(true, Rules::default());
    let mut items = Vec::new();
    for piece in pieces {
        reader.feed(piece);
        while let Some(item) = reader.next_item()? {
            // How many parts there are depends on the pieces.
            if !matches!(item, Item::Part) {
                items.push(describe(item));
            }
        }
    }
    reader.finish()?;
    Ok(items)
}

fn read_whole(file: &[u8]) -> Result<Vec<String>, LoadError> {
    read_pieces([file])
}
