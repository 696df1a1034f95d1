//! redis-check-aof without the file: finds out up to where the requests of one file of an AOF are whole, while the file
//! is fed.
//!
//! ```text
//! record ─┬ '#' ─> annotation ──────────────────────────────> record
//!         └ '*' ─> count ─> length ─> bytes ─┬ more words ──> length
//!                                            └ the last ────> record
//! ```
//!
//! The report is that of the tool, byte for byte. It reads with buffers of fixed lengths, as C does, which shows where a
//! line is too long or ends too early.

use alloc::format;
use alloc::vec::Vec;

/// Bytes of a count's or a length's line that the tool reads at once.
const LINE_MAX: usize = 127;
/// Likewise of an annotation's.
const ANNOTATION_MAX: usize = 1023;
/// Bytes of a command's name that are looked at.
const NAME_MAX: usize = 6;

/// The file that is checked.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// How results name it.
    pub name: &'a [u8],
    /// Where it is, as errors name it.
    pub path: &'a [u8],
    /// Its length in bytes.
    pub size: u64,
    /// False if files come behind it, so that it must not be cut off.
    pub is_last: bool,
    /// The tool's name.
    pub tool: &'a str,
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Finding {
    /// All is whole.
    Valid,
    /// All is whole up to an offset.
    Damaged {
        /// The offset.
        valid: u64,
    },
    /// What is later than the time that was asked for begins at an offset.
    Later {
        /// The offset.
        offset: u64,
    },
    /// The check cannot go on; the report says why.
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// A record begins.
    Record,
    /// An annotation's line.
    Annotation,
    /// The line with the number of words.
    Count,
    /// The line with a word's length.
    Length,
    /// A word and its line end.
    Bytes,
    /// No more is of interest.
    Ended,
}

/// Checks the requests of one file.
pub struct RequestCheck<'a> {
    subject: Subject<'a>,
    /// Unix seconds; 0 if it does not matter when something was written.
    until: i64,
    state: State,
    offset: u64,
    /// Up to where all is well.
    valid: u64,
    /// MULTI less EXEC.
    multi: i64,
    /// Lines so far, those of the files before included.
    line: u64,
    /// Words that the request still has.
    words: i64,
    is_first_word: bool,
    /// The line that is read, or the begin of the word.
    buffer: Vec<u8>,
    /// Bytes that the word still has, its line end included, and had.
    missing: u64,
    length: i64,
    line_end: [u8; 2],
    /// Where the tool began to read last.
    read_from: u64,
    error: Vec<u8>,
    finding: Option<Finding>,
}

impl<'a> RequestCheck<'a> {
    /// Starts at `offset`, behind a preamble. `until` is the time in unix seconds up to which the file is wanted, or 0.
    /// `line` is what [`RequestCheck::line`] said of the file before, or 1.
    #[must_use]
    pub fn new(subject: Subject<'a>, until: i64, offset: u64, line: u64) -> Self {
        RequestCheck {
            subject,
            until,
            state: State::Record,
            offset,
            valid: offset,
            multi: 0,
            line,
            words: 0,
            is_first_word: false,
            buffer: Vec::new(),
            missing: 0,
            length: 0,
            line_end: [0; 2],
            read_from: 0,
            error: Vec::new(),
            finding: None,
        }
    }

    /// The number of the line that was come to.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Checks the next bytes of the file. False once no more is of interest.
    pub fn feed(&mut self, mut input: &[u8], report: &mut Vec<u8>) -> bool {
        while let Some(&first) = input.first() {
            let used = match self.state {
                State::Record => {
                    self.begin_record(first, report);
                    0
                }
                State::Annotation | State::Count | State::Length => self.read_line(input, report),
                State::Bytes => self.read_bytes(input),
                State::Ended => return false,
            };
            self.offset += used as u64;
            input = &input[used..];
            if self.state == State::Bytes && self.missing == 0 {
                self.word_read();
            }
        }
        self.state != State::Ended
    }

    /// The file has no more bytes. Ends the report.
    pub fn finish(&mut self, report: &mut Vec<u8>) -> Finding {
        match self.state {
            State::Annotation | State::Count | State::Length if !self.buffer.is_empty() => self.line_read(report),
            State::Bytes => {
                let wanted = self.length.saturating_add(2);
                let got = wanted.saturating_sub_unsigned(self.missing);
                self.fail(format!("Expected to read {wanted} bytes, got {got} bytes").as_bytes());
            }
            _ => {}
        }
        if self.state != State::Ended {
            self.mark_valid();
            if self.multi != 0 {
                self.fail(b"Reached EOF before reading EXEC for MULTI");
            }
        }
        if let Some(finding) = self.finding {
            return finding;
        }
        if !self.error.is_empty() {
            write_line(report, &[&self.error]);
        }
        let Subject { name, size, .. } = self.subject;
        let difference = size.saturating_sub(self.valid);
        if difference == 0 && self.until != 0 {
            let time = format!("{}", self.until);
            write_line(report, &[b"Truncate nothing in AOF ", name, b" to timestamp ", time.as_bytes()]);
            return Finding::Valid;
        }
        let numbers = format!(", size={size}, ok_up_to={}, ok_up_to_line={}, diff={difference}", self.valid, self.line);
        write_line(report, &[b"AOF analyzed: filename=", name, numbers.as_bytes()]);
        if difference == 0 { Finding::Valid } else { Finding::Damaged { valid: self.valid } }
    }

    /// Between two records all is well so far, unless a transaction is open.
    fn mark_valid(&mut self) {
        if self.multi == 0 && self.state == State::Record {
            self.valid = self.offset;
        }
    }

    fn begin_record(&mut self, first: u8, report: &mut Vec<u8>) {
        self.mark_valid();
        match first {
            b'#' => self.begin_line(State::Annotation),
            b'*' => self.begin_line(State::Count),
            _ => {
                write_line(report, &[b"AOF ", self.subject.name, b" format error"]);
                self.state = State::Ended;
            }
        }
    }

    fn begin_line(&mut self, state: State) {
        self.state = state;
        self.read_from = self.offset;
        self.buffer.clear();
    }

    fn read_line(&mut self, input: &[u8], report: &mut Vec<u8>) -> usize {
        let limit = if self.state == State::Annotation { ANNOTATION_MAX } else { LINE_MAX };
        let part = &input[..input.len().min(limit - self.buffer.len())];
        let end = part.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
        let used = end.unwrap_or(part.len());
        self.buffer.extend_from_slice(&part[..used]);
        if end.is_some() || self.buffer.len() == limit {
            let offset = self.offset;
            self.offset += used as u64;
            self.line_read(report);
            self.offset = offset;
        }
        used
    }

    /// A line is complete, or as complete as it will get.
    fn line_read(&mut self, report: &mut Vec<u8>) {
        if self.state == State::Annotation {
            self.state = State::Record;
            return self.judge_annotation(report);
        }
        let prefix = if self.state == State::Count { b'*' } else { b'$' };
        let got = self.buffer[0];
        if got != prefix {
            return self.fail(&[b"Expected prefix '", &[prefix][..], b"', got: '", &[got], b"'"].concat());
        }
        let (number, used, _) = parse_number(&self.buffer[1..]);
        let at = |index: usize| self.buffer.get(1 + used + index).copied().unwrap_or(0);
        if !self.take_line_end([at(0), at(1)]) {
            return;
        }
        if self.state == State::Count {
            self.words = number;
            self.is_first_word = true;
            return self.next_word();
        }
        if !(0..=i64::MAX - 2).contains(&number) {
            let line = format!("Expected to read string of {number} bytes, which is not in the suitable range");
            return self.fail(line.as_bytes());
        }
        self.begin_line(State::Bytes);
        self.length = number;
        self.missing = number.unsigned_abs() + 2;
    }

    /// The requests up to here are as old as the annotation says.
    fn judge_annotation(&mut self, report: &mut Vec<u8>) {
        let Some(text) = self.buffer.strip_prefix(b"#TS:").filter(|_| self.until != 0) else { return };
        let (time, used, fits) = parse_number(text);
        let (path, until) = (self.subject.path, format!("{}", self.until));
        self.state = State::Ended;
        self.finding = Some(Finding::Refused);
        if !fits || text.get(used) != Some(&b'\r') {
            write_line(report, &[b"Invalid timestamp annotation"]);
        } else if time <= self.until {
            self.state = State::Record;
            self.finding = None;
        } else if self.read_from == 0 {
            let what = b" has nothing before timestamp ";
            write_line(report, &[b"AOF ", path, what, until.as_bytes(), b", aborting..."]);
        } else if !self.subject.is_last {
            let why = format!(" to timestamp {until} to offset {} because it is not the last file.", self.read_from);
            write_line(report, &[b"Failed to truncate AOF ", path, why.as_bytes()]);
            write_line(report, &[MORE_BEHIND.as_bytes(), self.subject.tool.as_bytes(), b"."]);
        } else {
            self.finding = Some(Finding::Later { offset: self.read_from });
        }
    }

    fn next_word(&mut self) {
        if self.words <= 0 {
            self.state = State::Record;
            return;
        }
        self.words -= 1;
        self.begin_line(State::Length);
    }

    fn read_bytes(&mut self, input: &[u8]) -> usize {
        let used = usize::try_from(self.missing).map_or(input.len(), |missing| missing.min(input.len()));
        let name_left = (NAME_MAX - self.buffer.len()).min(used);
        if self.is_first_word {
            self.buffer.extend_from_slice(&input[..name_left]);
        }
        for &byte in &input[used.saturating_sub(2)..used] {
            self.line_end = [self.line_end[1], byte];
        }
        self.missing -= used as u64;
        used
    }

    fn word_read(&mut self) {
        if !self.take_line_end(self.line_end) {
            return;
        }
        if self.is_first_word {
            self.is_first_word = false;
            let length = usize::try_from(self.length).unwrap_or(NAME_MAX);
            self.buffer.truncate(length);
            let name = self.buffer.split(|&byte| byte == 0).next().unwrap_or_default();
            let before = self.multi;
            let path = self.subject.path;
            if name.eq_ignore_ascii_case(b"multi") {
                self.multi += 1;
                if before != 0 {
                    return self.fail(&[b"Unexpected MULTI in AOF ", path].concat());
                }
            } else if name.eq_ignore_ascii_case(b"exec") {
                self.multi -= 1;
                if before != 1 {
                    return self.fail(&[b"Unexpected EXEC in AOF ", path].concat());
                }
            }
        }
        self.next_word();
    }

    fn take_line_end(&mut self, bytes: [u8; 2]) -> bool {
        if bytes != *b"\r\n" {
            let [first, second] = bytes.map(|byte| i32::from(byte.cast_signed()));
            self.fail(format!("Expected \\r\\n, got: {first:02x}{second:02x}").as_bytes());
            return false;
        }
        self.line += 1;
        true
    }

    fn fail(&mut self, message: &[u8]) {
        self.state = State::Ended;
        self.error = format!("0x{:16x}: ", self.read_from).into_bytes();
        self.error.extend_from_slice(message);
    }
}

const MORE_BEHIND: &str = "If you insist, please delete all files after this file according to the manifest file and \
                           delete the corresponding records in manifest file manually. Then re-run ";

fn write_line(report: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        report.extend_from_slice(part);
    }
    report.push(b'\n');
}

/// The number that a text begins with, as C's strtol reads it: the nearest one that there is, how many bytes it has,
/// and false if it is none that there is.
pub fn parse_number(text: &[u8]) -> (i64, usize, bool) {
    let space = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    let negative = text.get(space) == Some(&b'-');
    let begin = space + usize::from(matches!(text.get(space), Some(b'-' | b'+')));
    let digits = text[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return (0, 0, true);
    }
    let mut number: i64 = 0;
    let mut fits = true;
    for &digit in &text[begin..begin + digits] {
        let digit = i64::from(digit - b'0');
        let digit = if negative { -digit } else { digit };
        match number.checked_mul(10).and_then(|number| number.checked_add(digit)) {
            Some(next) => number = next,
            None => fits = false,
        }
    }
    if !fits {
        number = if negative { i64::MIN } else { i64::MAX };
    }
    (number, begin + digits, fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use proptest::prelude::*;

    fn check(bytes: &[u8], piece: usize, until: i64) -> (Finding, String) {
        let subject = Subject {
            name: b"a.aof",
            path: b"./a.aof",
            size: bytes.len() as u64,
            is_last: true,
            tool: "redis-check-aof",
        };
        let mut check = RequestCheck::new(subject, until, 0, 1);
        let mut report = Vec::new();
        for piece in bytes.chunks(piece) {
            if !check.feed(piece, &mut report) {
                break;
            }
        }
        let finding = check.finish(&mut report);
        (finding, String::from_utf8_lossy(&report).into_owned())
    }

    #[test]
    fn a_transaction_without_its_end_counts_for_nothing() {
        let bytes = b"*1\r\n$4\r\nPING\r\n*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nPING\r\n";
        let (finding, report) = check(bytes, 1000, 0);
        assert_eq!(finding, Finding::Damaged { valid: 14 });
        let expected = "0x              25: Reached EOF before reading EXEC for MULTI\n\
                        AOF analyzed: filename=a.aof, size=43, ok_up_to=14, ok_up_to_line=10, diff=29\n";
        assert_eq!(report, expected);
    }

    #[test]
    fn what_is_later_is_found() {
        let bytes = b"#TS:5\r\n*1\r\n$4\r\nPING\r\n#TS:7\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(check(bytes, 1000, 6).0, Finding::Later { offset: 21 });
        assert_eq!(check(bytes, 1000, 7), (Finding::Valid, "Truncate nothing in AOF a.aof to timestamp 7\n".into()));
        assert_eq!(check(bytes, 1000, 4).0, Finding::Refused);
        assert_eq!(check(b"#TS:x\r\n", 1000, 4), (Finding::Refused, "Invalid timestamp annotation\n".into()));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            parts in proptest::collection::vec(
                proptest::sample::select(alloc::vec![
                    &b"*1\r\n$4\r\nPING\r\n"[..],
                    b"*1\r\n$5\r\nmulti\r\n",
                    b"*1\r\n$4\r\nEXEC\r\n",
                    b"#TS:5\r\n",
                    b"#TS:9\r\n",
                    b"*2\r\n",
                    b"$-1\r\n",
                    b"x",
                ]),
                0..20,
            ),
            cut in 0..200usize,
            piece in 1..9usize,
            until in prop_oneof![Just(0), Just(7)],
        ) {
            let mut bytes = parts.concat();
            bytes.truncate(cut);
            let (finding, report) = check(&bytes, piece, until);
            prop_assert_eq!(check(&bytes, 1000, until), (finding, report));
            if let Finding::Damaged { valid } = finding {
                prop_assert_eq!(check(&bytes[..valid as usize], 1000, until).0, Finding::Valid);
            }
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            check(&bytes, 7, 0);
            check(&[b"*2\r\n$", &bytes[..]].concat(), 3, 0);
        }
    }
}
