//! A recording read is the recording written.

use super::{Reader, Record, RecordedInput, RecordingError, VERSION, Writer};
use crate::boundary::ask::{Answer, ProcessFigures};
use crate::boundary::id::{ClientId, DiskToken, LinkId};
use crate::boundary::input::{BufferReport, Connection, DiskDone, DiskError, DiskErrorKind, Input, LinkEvent, Signal};
use crate::boundary::time::{Monotonic, Now, Unix};
use crate::config::{Circumstances, Config, Id};
use crate::engine::options::Options;
use crate::resp::request::{Limits, Parser, ProtocolError, RequestBuffer, Requests};
use crate::server::HostFacts;
use crate::server::personality::Personality;
use alloc::vec::Vec;
use alloc::{format, vec};

const CLIENT: ClientId = ClientId(300);
const STARTED: Now = Now { monotonic: Monotonic(5_000_000), unix: Unix(1_700_000_000_000_000) };

fn options() -> Options {
    let mut config = Config::at_defaults(true);
    let pairs: &[(&[u8], &[u8])] =
        &[(b"maxmemory", b"100mb"), (b"save", b"60 10"), (b"requirepass", b"a \"b\""), (b"hz", b"100")];
    assert!(config.set(pairs, Circumstances::default()).is_ok());
    Options {
        seed: 42,
        config,
        config_file: Some("/etc/r.conf".into()),
        executable: "/bin/r".into(),
        personality: Personality::VALKEY,
        host: HostFacts { system: "Linux 6".into(), process_id: 7, ..HostFacts::default() },
        renamed_commands: vec![(b"get".to_vec(), b"fetch".to_vec())],
    }
}

fn at(microseconds: u64, unix: i64) -> Now {
    Now { monotonic: Monotonic(microseconds), unix: Unix(unix) }
}

fn error() -> DiskError {
    DiskError { kind: DiskErrorKind::Full, message: "No space left on device".into() }
}

/// Every kind of input, and what it is read as.
fn inputs() -> Vec<(Input<'static>, RecordedInput)> {
    let (client, token) = (CLIENT, DiskToken(1 << 40));
    let report = BufferReport { received: 1000, written: 0, query_buffer: 7 };
    let connection = Connection {
        peer: "127.0.0.1:5".into(),
        local: "[::1]:6379".into(),
        unix_socket: false,
        loopback: true,
        descriptor: -1,
    };
    let link = LinkId(3);
    let ours = connection.clone();
    vec![
        (
            Input::Link { link, event: LinkEvent::Connected { connection: connection.clone() } },
            RecordedInput::LinkConnected { link, connection: ours },
        ),
        (
            Input::Link { link, event: LinkEvent::Received(b"+PONG\r\n") },
            RecordedInput::LinkReceived { link, bytes: b"+PONG\r\n".to_vec() },
        ),
        (Input::Link { link, event: LinkEvent::Written(70_000) }, RecordedInput::LinkWritten { link, count: 70_000 }),
        (Input::Link { link, event: LinkEvent::Closed(None) }, RecordedInput::LinkClosed { link, reason: None }),
        (
            Input::Link { link, event: LinkEvent::Closed(Some("refused")) },
            RecordedInput::LinkClosed { link, reason: Some("refused".into()) },
        ),
        (Input::Connected { client, connection: connection.clone() }, RecordedInput::Connected { client, connection }),
        (Input::Drained { client, report }, RecordedInput::Drained { client, report }),
        (Input::Disk { token, result: Ok(DiskDone::Done) }, RecordedInput::DiskDone { token }),
        (Input::Disk { token, result: Ok(DiskDone::Opened { size: 9 }) }, RecordedInput::DiskOpened { token, size: 9 }),
        (
            Input::Disk { token, result: Ok(DiskDone::Data(b"\0\xff")) },
            RecordedInput::DiskData { token, bytes: b"\0\xff".to_vec() },
        ),
        (Input::Disk { token, result: Err(error()) }, RecordedInput::DiskFailed { token, error: error() }),
        (Input::Start, RecordedInput::Start),
        (Input::Deadline, RecordedInput::Deadline),
        (Input::Signal(Signal::Interrupt), RecordedInput::Signal(Signal::Interrupt)),
        (Input::Closed { client }, RecordedInput::Closed { client }),
    ]
}

#[test]
fn the_header_makes_the_same_engine() {
    let written = options();
    let mut writer = Writer::new(&written, STARTED);
    let bytes = writer.take();
    let (mut reader, read, now) = Reader::new(&bytes).unwrap();
    assert!(reader.next_record().unwrap().is_none());
    assert_eq!(now, STARTED);
    for id in Id::ALL {
        assert_eq!(read.config.format(id), written.config.format(id), "{id:?}");
    }
    assert_eq!(format!("{:?}", Options { config: written.config.clone(), ..read }), format!("{written:?}"));
}

#[test]
fn every_input_comes_back() {
    let mut writer = Writer::new(&options(), STARTED);
    // The wall clock goes back.
    let times = [at(5_000_000, 1_700_000_000_000_000), at(5_000_001, 1_600_000_000_000_000), at(6_000_000, -5)];
    for (index, (input, _)) in inputs().iter().enumerate() {
        writer.input(times[index % 3], input);
    }
    let bytes = writer.take();
    let (mut reader, ..) = Reader::new(&bytes).unwrap();
    for (index, (_, expected)) in inputs().into_iter().enumerate() {
        let Some(Record::Input(now, input)) = reader.next_record().unwrap() else { panic!("{expected:?}") };
        assert_eq!((now, &input), (times[index % 3], &expected));
        let mut again = Writer::new(&options(), STARTED);
        input.with(|input| again.input(now, &input));
    }
    assert!(reader.next_record().unwrap().is_none());
}

#[test]
fn requests_come_back_as_they_were_parsed() {
    let wire = b"\r\nPING\r\n*0\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nset 'a b' \"\\n\"\n*1\r\n!";
    let mut buffer = RequestBuffer::default();
    Parser::default().parse(wire, Limits::default(), 100, &mut buffer);
    for skip in 0..=3 {
        let requests = buffer.requests(wire, skip);
        assert_eq!(requests.len(), 3 - skip);
        let mut writer = Writer::new(&options(), STARTED);
        let report = BufferReport::default();
        writer.input(STARTED, &Input::Requests { client: CLIENT, requests: &requests, report });
        let bytes = writer.take();
        let (mut reader, ..) = Reader::new(&bytes).unwrap();
        let Some(Record::Input(_, input)) = reader.next_record().unwrap() else { panic!("no input") };
        input.with(|input| {
            let Input::Requests { requests: read, .. } = input else { panic!("{input:?}") };
            let all = |requests: &Requests<'_>| -> Vec<_> {
                (0..requests.len()).map(|at| requests.arguments(at).iter().collect::<Vec<_>>().join(&0)).collect()
            };
            assert_eq!(all(read), all(&requests));
            assert_eq!(read.error(), requests.error());
            assert!((0..read.len()).all(|at| read.wire_length(at) == requests.wire_length(at)));
        });
    }
    assert_eq!(buffer.requests(wire, 0).error(), None::<ProtocolError>);
}

#[test]
fn answers_and_checkpoints_come_back() {
    let answers = [
        Answer::Done,
        Answer::Process(ProcessFigures { resident: 1 << 33, process_id: 9, ..ProcessFigures::default() }),
        Answer::Contents(b"text\0".to_vec()),
        Answer::Path("/tmp".into()),
        Answer::Failed(error()),
    ];
    let mut writer = Writer::new(&options(), STARTED);
    for answer in &answers {
        writer.elapsed([1_000_000_007]);
        writer.answer(answer);
    }
    writer.checkpoint(1, u64::MAX);
    let bytes = writer.take();
    let (mut reader, ..) = Reader::new(&bytes).unwrap();
    for expected in answers {
        assert!(matches!(reader.next_record(), Ok(Some(Record::Elapsed(1_000_000_007)))));
        let Ok(Some(Record::Answer(answer))) = reader.next_record() else { panic!("{expected:?}") };
        assert_eq!(answer, expected);
    }
    assert!(matches!(reader.next_record(), Ok(Some(Record::Checkpoint { effects: 1, state: u64::MAX }))));
}

#[test]
fn what_the_fine_clock_answered_comes_back() {
    let steps = [0, 63, 64, 65, 8191, 8192, 8193, 1 << 40, -1, -63, -64, -65, -8191, -8192, -8193, i64::MIN, i64::MAX];
    let answers = steps.map({
        let mut at = 1_u64 << 41;
        move |step| {
            at = at.wrapping_add(step as u64);
            at
        }
    });
    let mut writer = Writer::new(&options(), STARTED);
    writer.elapsed(answers);
    writer.elapsed([]);
    let bytes = writer.take();
    let (mut reader, ..) = Reader::new(&bytes).unwrap();
    for expected in answers {
        assert!(matches!(reader.next_record(), Ok(Some(Record::Elapsed(answer))) if answer == expected), "{expected}");
    }
    assert!(matches!(reader.next_record(), Ok(None)));
}

#[test]
fn damage_is_told() {
    let mut writer = Writer::new(&options(), STARTED);
    let header = writer.buffered();
    for (input, _) in &inputs() {
        writer.input(STARTED, input);
    }
    let bytes = writer.take();
    assert_eq!(Reader::new(b"REDIS0011").unwrap_err(), RecordingError::Magic);
    let mut newer = bytes.clone();
    newer[8] = VERSION as u8 + 1;
    assert_eq!(Reader::new(&newer).unwrap_err(), RecordingError::Version(VERSION + 1));
    for length in 8..bytes.len() {
        let Ok((mut reader, ..)) = Reader::new(&bytes[..length]) else {
            assert!(length < header);
            continue;
        };
        while let Ok(Some(_)) = reader.next_record() {}
    }
}
