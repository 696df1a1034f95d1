//! From the arguments of a parameter to its [`Value`], or the reason why not.
//!
//! The same grammar serves CONFIG SET, the file and the command line. It is pure: nothing changes until the caller stores
//! the value.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::choice::{ChoiceName, ShutdownOptions};
use super::fault::Fault;
use super::keyspace_event::KeyspaceEvents;
use super::parameter::Kind;
use super::value::{CLIENT_CLASSES, MemoryLimit, PrimaryAddress, SavePoint, Value};
use crate::base::number::{parse_double, parse_i64, parse_memory};

/// The most addresses that `bind` takes.
const ADDRESSES_MAX: usize = 16;

/// The furthest that an element of `oom-score-adj-values` may be from zero.
const OOM_SCORE_MAX: i64 = 2000;

/// Parses `arguments` as a value of `kind`. `previous` is what the parameter holds now, because some values state only a
/// part; `accumulates` says that save points are added to the previous ones.
pub(super) fn parse(kind: &Kind, previous: &Value, arguments: &[Vec<u8>], accumulates: bool) -> Result<Value, Fault> {
    if kind.takes_many_arguments() {
        return parse_list(kind, previous, arguments, accumulates);
    }
    let [argument] = arguments else {
        return Err(Fault::ArgumentCount);
    };
    match *kind {
        Kind::Boolean { .. } => parse_boolean(argument).map(Value::Boolean),
        Kind::Integer { lower, upper, clamp, .. } => {
            let value = parse_integer(argument, lower, upper)?;
            Ok(Value::Integer(clamp.map_or(value, |(least, most)| value.clamp(least, most))))
        }
        Kind::Bytes { lower, upper, .. } => parse_bytes(argument, lower, upper).map(Value::Bytes),
        Kind::BytesOrPercent { percent_max } => parse_memory_limit(argument, percent_max).map(Value::MemoryLimit),
        Kind::Octal { upper } => parse_octal(argument, upper).map(Value::Integer),
        Kind::Choice { names, .. } => choice_number(names, argument).map(Value::Choice),
        Kind::Text { default, rule } => {
            rule.check(argument)?;
            let unset = argument.is_empty() && default.is_none();
            Ok(Value::Text((!unset).then(|| argument.clone())))
        }
        Kind::KeyspaceEvents => {
            KeyspaceEvents::parse_letters(argument).map(Value::KeyspaceEvents).ok_or(Fault::EventClass)
        }
        _ => unreachable!("lists are parsed above"),
    }
}

fn parse_list(kind: &Kind, previous: &Value, arguments: &[Vec<u8>], accumulates: bool) -> Result<Value, Fault> {
    // One empty argument is how a list is said to be empty.
    let elements = if let [only] = arguments
        && only.is_empty()
    {
        &[]
    } else {
        arguments
    };
    match (kind, previous) {
        (Kind::ChoiceSet { names, .. }, _) => parse_choice_set(names, arguments).map(Value::Choice),
        (Kind::SavePoints, Value::SavePoints(points)) => {
            let is_reset = elements.is_empty() && !arguments.is_empty();
            let kept: &[SavePoint] = if accumulates && !is_reset { points } else { &[] };
            parse_save_points(kept, elements).map(Value::SavePoints)
        }
        (Kind::Addresses { .. }, _) if arguments.len() > ADDRESSES_MAX => Err(Fault::TooManyAddresses),
        (Kind::Addresses { .. }, _) => Ok(Value::Addresses(elements.to_vec())),
        (Kind::OutputBufferLimits, Value::OutputBufferLimits(_)) => {
            parse_output_buffer_limits(previous.clone(), arguments)
        }
        (Kind::OomScores, _) => parse_oom_scores(arguments).map(Value::OomScores),
        (Kind::Primary, _) => parse_primary(arguments).map(Value::Primary),
        (Kind::Percentiles, _) => parse_percentiles(elements).map(Value::Percentiles),
        _ => unreachable!("the value of another kind"),
    }
}

fn parse_boolean(argument: &[u8]) -> Result<bool, Fault> {
    if argument.eq_ignore_ascii_case(b"yes") {
        Ok(true)
    } else if argument.eq_ignore_ascii_case(b"no") {
        Ok(false)
    } else {
        Err(Fault::NotYesOrNo)
    }
}

fn parse_integer(argument: &[u8], lower: i64, upper: i64) -> Result<i64, Fault> {
    let value = parse_i64(argument).ok_or(Fault::NotInteger)?;
    if (lower..=upper).contains(&value) {
        Ok(value)
    } else {
        Err(Fault::OutOfRange { lower: lower.into(), upper: upper.into() })
    }
}

/// A number of bytes without bounds.
fn byte_count(argument: &[u8]) -> Option<u64> {
    core::str::from_utf8(argument).ok().and_then(parse_memory)
}

fn parse_bytes(argument: &[u8], lower: u64, upper: u64) -> Result<u64, Fault> {
    let value = byte_count(argument).ok_or(Fault::NotBytes)?;
    if (lower..=upper).contains(&value) {
        Ok(value)
    } else {
        Err(Fault::OutOfRange { lower: lower.into(), upper: upper.into() })
    }
}

fn parse_memory_limit(argument: &[u8], percent_max: u64) -> Result<MemoryLimit, Fault> {
    if let Some(bytes) = byte_count(argument) {
        let upper = i64::MAX;
        let out_of_range = Fault::OutOfRange { lower: -i128::from(percent_max), upper: upper.into() };
        return if bytes <= upper as u64 { Ok(MemoryLimit::Bytes(bytes)) } else { Err(out_of_range) };
    }
    let percent = argument.strip_suffix(b"%").and_then(parse_i64).and_then(|number| u64::try_from(number).ok());
    match percent {
        None => Err(Fault::NotBytesOrPercent),
        Some(0) => Ok(MemoryLimit::Bytes(0)),
        Some(percent) if percent > percent_max => Err(Fault::TooManyPercent { upper: percent_max }),
        Some(percent) => Ok(MemoryLimit::Percent(percent)),
    }
}

fn parse_octal(argument: &[u8], upper: i64) -> Result<i64, Fault> {
    let digits = core::str::from_utf8(argument).map_err(|_| Fault::NotOctal)?;
    let value = i64::from_str_radix(digits, 8).map_err(|_| Fault::NotOctal)?;
    if (0..=upper).contains(&value) { Ok(value) } else { Err(Fault::OctalOutOfRange { upper }) }
}

fn choice_number(names: &'static [ChoiceName], argument: &[u8]) -> Result<u32, Fault> {
    let found = names.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(argument));
    found.map(|(_, number)| *number).ok_or(Fault::NotOneOf(names))
}

fn parse_choice_set(names: &'static [ChoiceName], arguments: &[Vec<u8>]) -> Result<u32, Fault> {
    if arguments.is_empty() {
        return Err(Fault::NotOneOf(names));
    }
    let mut bits = 0;
    for argument in arguments {
        bits |= choice_number(names, argument)?;
    }
    let options = ShutdownOptions(bits);
    if options.contains(ShutdownOptions::SAVE) && options.contains(ShutdownOptions::NOSAVE) {
        return Err(Fault::SaveAndNosave);
    }
    Ok(bits)
}

/// A decimal number as C's `strtoll` reads one that fills the whole argument: a plus sign and leading zeros are fine, and
/// nothing at all is zero.
fn parse_lenient_integer(argument: &[u8]) -> Option<i64> {
    if argument.is_empty() {
        return Some(0);
    }
    core::str::from_utf8(argument).ok()?.parse().ok()
}

fn parse_save_points(kept: &[SavePoint], arguments: &[Vec<u8>]) -> Result<Vec<SavePoint>, Fault> {
    let mut points = kept.to_vec();
    for pair in arguments.chunks(2) {
        let [seconds, changes] = pair else {
            return Err(Fault::SavePoints);
        };
        let seconds = parse_lenient_integer(seconds).filter(|&seconds| seconds >= 1).ok_or(Fault::SavePoints)?;
        let changes = parse_lenient_integer(changes).filter(|&changes| changes >= 0).ok_or(Fault::SavePoints)?;
        points.push(SavePoint { seconds, changes });
    }
    Ok(points)
}

/// The index of a class in [`Value::OutputBufferLimits`], by any of its names.
fn client_class(name: &[u8]) -> Option<usize> {
    const NAMES: [(&[u8], usize); 4] = [(b"normal", 0), (b"slave", 1), (b"replica", 1), (b"pubsub", 2)];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, class)| *class)
}

/// Classes that are not named keep their limits.
fn parse_output_buffer_limits(previous: Value, arguments: &[Vec<u8>]) -> Result<Value, Fault> {
    let Value::OutputBufferLimits(mut limits) = previous else { unreachable!("the value of another kind") };
    if !arguments.len().is_multiple_of(4) {
        return Err(Fault::OutputBufferArguments);
    }
    for four in arguments.chunks(4) {
        let class = client_class(&four[0]).filter(|&class| class < CLIENT_CLASSES).ok_or(Fault::OutputBufferClass)?;
        let limit = &mut limits[class];
        limit.hard_bytes = byte_count(&four[1]).ok_or(Fault::OutputBufferLimit)?;
        limit.soft_bytes = byte_count(&four[2]).ok_or(Fault::OutputBufferLimit)?;
        limit.soft_seconds =
            parse_lenient_integer(&four[3]).filter(|&seconds| seconds >= 0).ok_or(Fault::OutputBufferLimit)?;
    }
    Ok(Value::OutputBufferLimits(limits))
}

fn parse_oom_scores(arguments: &[Vec<u8>]) -> Result<[i32; 3], Fault> {
    let arguments: &[Vec<u8>; 3] = arguments.try_into().map_err(|_| Fault::ArgumentCount)?;
    let mut scores = [0; 3];
    for (score, argument) in scores.iter_mut().zip(arguments) {
        let value = parse_lenient_integer(argument)
            .filter(|value| (-OOM_SCORE_MAX..=OOM_SCORE_MAX).contains(value))
            .ok_or(Fault::OomScore)?;
        *score = value as i32;
    }
    Ok(scores)
}

fn parse_primary(arguments: &[Vec<u8>]) -> Result<Option<Box<PrimaryAddress>>, Fault> {
    let [host, port] = arguments else {
        return Err(Fault::ArgumentCount);
    };
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        return Ok(None);
    }
    let port = parse_lenient_integer(port).and_then(|port| u16::try_from(port).ok()).ok_or(Fault::PrimaryPort)?;
    Ok(Some(Box::new(PrimaryAddress { host: host.clone(), port })))
}

fn parse_percentiles(arguments: &[Vec<u8>]) -> Result<Vec<f64>, Fault> {
    let mut percentiles = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let percentile = parse_double(argument).filter(|number| !number.is_nan()).ok_or(Fault::PercentileNotNumber)?;
        if !(0.0..=100.0).contains(&percentile) {
            return Err(Fault::PercentileRange);
        }
        percentiles.push(percentile);
    }
    Ok(percentiles)
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Id, OutputBufferLimit};
    use super::*;

    fn parsed(id: Id, arguments: &[&str]) -> Result<Value, Fault> {
        let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        parse(&id.parameter().kind, Config::new().value(id), &arguments, false)
    }

    #[test]
    fn integers_keep_to_their_bounds_and_hertz_is_clamped() {
        assert_eq!(parsed(Id::Port, &["65535"]), Ok(Value::Integer(65535)));
        assert_eq!(parsed(Id::Port, &["65536"]), Err(Fault::OutOfRange { lower: 0, upper: 65535 }));
        assert_eq!(parsed(Id::Port, &["01"]), Err(Fault::NotInteger));
        assert_eq!(parsed(Id::Port, &["1", "2"]), Err(Fault::ArgumentCount));
        assert_eq!(parsed(Id::Hz, &["10000"]), Ok(Value::Integer(500)));
        assert_eq!(parsed(Id::Hz, &["0"]), Ok(Value::Integer(1)));
        assert_eq!(parsed(Id::Unixsocketperm, &["777"]), Ok(Value::Integer(0o777)));
        assert_eq!(parsed(Id::Unixsocketperm, &["1777"]), Err(Fault::OctalOutOfRange { upper: 0o777 }));
        assert_eq!(parsed(Id::Unixsocketperm, &["9"]), Err(Fault::NotOctal));
    }

    #[test]
    fn memory_has_units_and_sometimes_percent() {
        assert_eq!(parsed(Id::Maxmemory, &["1gb"]), Ok(Value::Bytes(1 << 30)));
        assert_eq!(parsed(Id::Maxmemory, &["18446744073709551615"]), Ok(Value::Bytes(u64::MAX)));
        assert_eq!(parsed(Id::Maxmemory, &["5%"]), Err(Fault::NotBytes));
        assert_eq!(parsed(Id::MaxmemoryClients, &["5%"]), Ok(Value::MemoryLimit(MemoryLimit::Percent(5))));
        assert_eq!(parsed(Id::MaxmemoryClients, &["0%"]), Ok(Value::MemoryLimit(MemoryLimit::Bytes(0))));
        assert_eq!(parsed(Id::MaxmemoryClients, &["101%"]), Err(Fault::TooManyPercent { upper: 100 }));
        for bad in ["-1", "-1%", "%", "x"] {
            assert_eq!(parsed(Id::MaxmemoryClients, &[bad]), Err(Fault::NotBytesOrPercent), "{bad}");
        }
        let limit = MemoryLimit::Percent(5);
        assert_eq!((limit.bytes(200), limit.bytes(0)), (10, 0));
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(parsed(Id::OomScoreAdj, &["RELATIVE"]), parsed(Id::OomScoreAdj, &["yes"]));
        assert!(matches!(parsed(Id::Loglevel, &["loud"]), Err(Fault::NotOneOf(_))));
        assert_eq!(parsed(Id::ShutdownOnSigint, &["now", "FORCE"]), Ok(Value::Choice(12)));
        assert_eq!(parsed(Id::ShutdownOnSigint, &["save", "nosave"]), Err(Fault::SaveAndNosave));
    }

    #[test]
    fn only_the_named_classes_change_their_limits() {
        let Ok(Value::OutputBufferLimits(limits)) = parsed(Id::ClientOutputBufferLimit, &["Replica", "1mb", "2", "3"])
        else {
            panic!("refused");
        };
        assert_eq!(limits[1], OutputBufferLimit { hard_bytes: 1 << 20, soft_bytes: 2, soft_seconds: 3 });
        assert_eq!(limits[2], Config::new().output_buffer_limits()[2]);
        assert_eq!(parsed(Id::ClientOutputBufferLimit, &["normal", "1"]), Err(Fault::OutputBufferArguments));
        assert_eq!(parsed(Id::ClientOutputBufferLimit, &["master", "1", "1", "1"]), Err(Fault::OutputBufferClass));
        assert_eq!(parsed(Id::ClientOutputBufferLimit, &["normal", "1", "1", "-1"]), Err(Fault::OutputBufferLimit));
    }

    #[test]
    fn lists_check_each_element() {
        assert_eq!(parsed(Id::Save, &["900", "1", "a"]), Err(Fault::SavePoints));
        assert_eq!(parsed(Id::Save, &["0", "1"]), Err(Fault::SavePoints));
        assert_eq!(parsed(Id::Save, &[""]), Ok(Value::SavePoints(Vec::new())));
        assert_eq!(parsed(Id::Bind, &["a"; 17]), Err(Fault::TooManyAddresses));
        assert_eq!(parsed(Id::Bind, &[""]), Ok(Value::Addresses(Vec::new())));
        assert_eq!(parsed(Id::OomScoreAdjValues, &["1", "2"]), Err(Fault::ArgumentCount));
        assert_eq!(parsed(Id::OomScoreAdjValues, &["1", "2", "-2001"]), Err(Fault::OomScore));
        assert_eq!(parsed(Id::LatencyTrackingInfoPercentiles, &["nan"]), Err(Fault::PercentileNotNumber));
        assert_eq!(parsed(Id::LatencyTrackingInfoPercentiles, &["100.1"]), Err(Fault::PercentileRange));
        assert_eq!(parsed(Id::Replicaof, &["no", "ONE"]), Ok(Value::Primary(None)));
        assert_eq!(parsed(Id::Replicaof, &["host", "65536"]), Err(Fault::PrimaryPort));
    }
}
