//! The configuration in an image.

use super::value::{MemoryLimit, OutputBufferLimit, PrimaryAddress, SavePoint, Value};
use super::{Config, KeyspaceEvents, ShutdownOptions};
use crate::base::image::{Damaged, Image, Tape};
use alloc::vec::Vec;

impl Image for Config {
    fn blank() -> Config {
        Config::new()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let Config { values, of_valkey } = self;
        of_valkey.image(tape)?;
        // A parameter's kind is known: only what it holds is written.
        values.iter_mut().try_for_each(|value| held(value, tape))
    }
}

fn held(value: &mut Value, tape: &mut Tape<'_>) -> Result<(), Damaged> {
    match value {
        Value::Boolean(value) => value.image(tape),
        Value::Integer(value) => value.image(tape),
        Value::Bytes(value) => value.image(tape),
        Value::MemoryLimit(value) => value.image(tape),
        Value::Choice(value) => value.image(tape),
        Value::Text(value) => value.image(tape),
        Value::SavePoints(value) => value.image(tape),
        Value::Addresses(value) => value.image(tape),
        Value::OutputBufferLimits(value) => value.image(tape),
        Value::OomScores(value) => value.image(tape),
        Value::KeyspaceEvents(value) => value.image(tape),
        Value::Primary(value) => value.image(tape),
        Value::Percentiles(value) => value.image(tape),
    }
}

impl Image for MemoryLimit {
    fn blank() -> MemoryLimit {
        MemoryLimit::Bytes(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        tape.variant(self, [MemoryLimit::Bytes(0), MemoryLimit::Percent(0)])?;
        match self {
            MemoryLimit::Bytes(number) | MemoryLimit::Percent(number) => number.image(tape),
        }
    }
}

impl Image for SavePoint {
    fn blank() -> SavePoint {
        SavePoint { seconds: 0, changes: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let SavePoint { seconds, changes } = self;
        tape.each([seconds, changes])
    }
}

impl Image for OutputBufferLimit {
    fn blank() -> OutputBufferLimit {
        OutputBufferLimit::default()
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let OutputBufferLimit { hard_bytes, soft_bytes, soft_seconds } = self;
        tape.each([hard_bytes, soft_bytes, soft_seconds])
    }
}

impl Image for PrimaryAddress {
    fn blank() -> PrimaryAddress {
        PrimaryAddress { host: Vec::new(), port: 0 }
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let PrimaryAddress { host, port } = self;
        tape.each([host, port])
    }
}

impl Image for KeyspaceEvents {
    fn blank() -> KeyspaceEvents {
        KeyspaceEvents::NONE
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        let mut bits = self.bits();
        bits.image(tape)?;
        *self = KeyspaceEvents::from_bits(bits);
        Ok(())
    }
}

impl Image for ShutdownOptions {
    fn blank() -> ShutdownOptions {
        ShutdownOptions(0)
    }

    fn image(&mut self, tape: &mut Tape<'_>) -> Result<(), Damaged> {
        self.0.image(tape)
    }
}
