//! redis-check-rdb without the file: the report that the tool prints, made while the file is fed.
//!
//! The text is that of redis-check-rdb 7.0 and 7.2, byte for byte, with these exceptions: "Internal error in RDB
//! reading" does not name a line of the reference's source, a module's value that ends too early is an unexpected end
//! (the tool reports something else, or loops for ever), and values that are not decoded yet are errors.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::data::limits::Rules;

use super::error::LoadError;
use super::module_name::module_name;
use super::object_type;
use super::read::{Checksum, Item, Reader, Stage};

/// The longest message, in bytes: the tool formats into a buffer of 1024 with a terminator.
const MESSAGE_MAX: usize = 1023;

/// What the check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The file can be loaded: exit code 0.
    Good,
    /// The file cannot be loaded: exit code 1.
    Damaged,
}

/// Checks a file that is fed to it.
pub struct Checker {
    reader: Reader,
    now_unix_ms: i64,
    keys: u64,
    expires: u64,
    already_expired: u64,
    failed: bool,
}

impl Checker {
    /// Starts the report on `file_name`. What expires before `now_unix_ms`, unix milliseconds, counts as expired.
    #[must_use]
    pub fn new(file_name: &[u8], now_unix_ms: i64, report: &mut Vec<u8>) -> Self {
        write_line(report, 0, &[b"Checking RDB file ", until_nul(file_name)]);
        Checker {
            reader: Reader::new(true, Rules::default()),
            now_unix_ms,
            keys: 0,
            expires: 0,
            already_expired: 0,
            failed: false,
        }
    }

    /// Appends to the report what `input`, the next bytes of the file, has to say. False once no more is of interest.
    pub fn feed(&mut self, input: &[u8], report: &mut Vec<u8>) -> bool {
        if self.failed || self.reader.is_finished() {
            return false;
        }
        self.reader.feed(input);
        self.advance(report);
        !self.failed && !self.reader.is_finished()
    }

    /// Bytes of the file that were read; what comes behind its end is not among them.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Ends the report at the end of the file.
    pub fn finish(mut self, report: &mut Vec<u8>) -> Verdict {
        self.advance(report);
        if self.failed {
            return Verdict::Damaged;
        }
        if let Err(error) = self.reader.finish() {
            self.report_error(error, report);
            return Verdict::Damaged;
        }
        write_line(report, self.reader.offset(), &[b"\\o/ RDB looks OK! \\o/"]);
        self.report_counts(report);
        Verdict::Good
    }

    fn advance(&mut self, report: &mut Vec<u8>) {
        while !self.failed {
            match self.reader.next_item() {
                Ok(Some(item)) => {
                    let message = item_message(&item);
                    if let Item::Entry { expire_at_ms, .. } | Item::Collection { expire_at_ms, .. } = item {
                        self.keys += 1;
                        self.expires += u64::from(expire_at_ms.is_some());
                        self.already_expired += u64::from(expire_at_ms.is_some_and(|time| time < self.now_unix_ms));
                    }
                    if let Some(message) = message {
                        write_line(report, self.reader.offset(), &[&message]);
                    }
                }
                Ok(None) => return,
                Err(error) => self.report_error(error, report),
            }
        }
    }

    fn report_error(&mut self, error: LoadError, report: &mut Vec<u8>) {
        self.failed = true;
        let stage = self.reader.stage();
        self.keys += u64::from(stage == Stage::ReadObjectValue);
        report.extend_from_slice(b"--- RDB ERROR DETECTED ---\n");
        let message = error_message(error, stage, self.reader.version());
        write_line(report, self.reader.stopped_at(), &[message.as_bytes()]);
        write_text(report, &[b"[additional info] While doing: ", stage_name(stage).as_bytes()]);
        if let Some(key) = self.reader.current_key() {
            write_text(report, &[b"[additional info] Reading key '", until_nul(key), b"'"]);
        }
        // Before the first key the tool believes that it reads a string: its variable starts as zero.
        let first_type = (self.keys == 0).then_some(object_type::STRING);
        if let Some(byte) = self.reader.value_type().or(first_type) {
            let line = format!("[additional info] Reading type {byte} ({})", object_type::name(byte));
            write_text(report, &[line.as_bytes()]);
        }
        self.report_counts(report);
    }

    fn report_counts(&self, report: &mut Vec<u8>) {
        for (count, what) in
            [(self.keys, "keys read"), (self.expires, "expires"), (self.already_expired, "already expired")]
        {
            write_text(report, &[format!("[info] {count} {what}").as_bytes()]);
        }
    }
}

/// What the tool says about an item, if anything.
fn item_message(item: &Item<'_>) -> Option<Vec<u8>> {
    Some(match *item {
        Item::Aux { key, value } => [b"AUX FIELD ", until_nul(key), b" = '", until_nul(value), b"'"].concat(),
        Item::SelectDb(database) => format!("Selecting DB ID {database}").into_bytes(),
        Item::ModuleAux { identity, .. } => [b"MODULE AUX for: ", &module_name(identity)[..]].concat(),
        Item::End(Checksum::Verified) => b"Checksum OK".to_vec(),
        Item::End(Checksum::Disabled) => b"RDB file was saved with checksum disabled: no check performed.".to_vec(),
        _ => return None,
    })
}

fn error_message(error: LoadError, stage: Stage, version: i32) -> String {
    match error {
        LoadError::UnknownType(byte) => format!("Invalid object type: {byte}"),
        LoadError::ChecksumMismatch { .. } => String::from("RDB CRC error"),
        LoadError::PreReleaseFunction => {
            format!("Pre-release function format not supported {version}")
        }
        LoadError::UnknownLengthEncoding(_)
        | LoadError::UnknownStringEncoding(_)
        | LoadError::InvalidCompressedString
        | LoadError::Damaged(_) => {
            format!("Internal error in RDB reading offset 0 -> {error}")
        }
        LoadError::UnexpectedEnd if stage == Stage::ReadFunctions => {
            String::from("Failed loading library, Failed loading library payload")
        }
        _ => format!("{error}"),
    }
}

const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Start => "start",
        Stage::ReadType => "read-type",
        Stage::ReadExpire => "read-expire",
        Stage::ReadKey => "read-key",
        Stage::ReadObjectValue => "read-object-value",
        Stage::CheckSum => "check-sum",
        Stage::ReadLength => "read-len",
        Stage::ReadAux => "read-aux",
        Stage::ReadModuleAux => "read-module-aux",
        Stage::ReadFunctions => "read-functions",
    }
}

fn write_line(report: &mut Vec<u8>, offset: u64, message: &[&[u8]]) {
    report.extend_from_slice(format!("[offset {offset}] ").as_bytes());
    let start = report.len();
    write_text(report, message);
    if report.len() - start > MESSAGE_MAX + 1 {
        report.truncate(start + MESSAGE_MAX);
        report.push(b'\n');
    }
}

fn write_text(report: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        report.extend_from_slice(part);
    }
    report.push(b'\n');
}

/// What C sees of a text.
fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}
