//! A strict reader of replies: what a client library must be able to rely on.

/// A reply.
#[derive(Clone, PartialEq, Debug)]
#[expect(missing_docs, reason = "each is the RESP type of its name")]
pub enum Reply {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Integer(i64),
    Bulk(Vec<u8>),
    /// Null of any kind.
    Null,
    Array(Vec<Reply>),
    /// Keys and values in turn.
    Map(Vec<Reply>),
    Set(Vec<Reply>),
    Push(Vec<Reply>),
    Boolean(bool),
    Double(Vec<u8>),
    Verbatim(Vec<u8>),
    BigNumber(Vec<u8>),
}

/// Most aggregates within one another.
const DEPTH_MAX: usize = 32;

impl Reply {
    /// Reads the first reply of `bytes`, and tells how long it was; `None` if it
    /// is not complete.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, String> {
        let mut reader = Reader { bytes, position: 0, depth: 0 };
        match reader.reply() {
            Ok(reply) => Ok(Some((reply, reader.position))),
            Err(Fault::Incomplete) => Ok(None),
            Err(Fault::Wrong(text)) => Err(format!("{text} at byte {} of {}", reader.position, bytes.escape_ascii())),
        }
    }

    /// Reads all replies of `bytes`, which must be complete.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse_all(mut bytes: &[u8]) -> Result<Vec<Reply>, String> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let Some((reply, length)) = Reply::parse(bytes)? else {
                return Err(format!("incomplete: {}", bytes.escape_ascii()));
            };
            all.push(reply);
            bytes = &bytes[length..];
        }
        Ok(all)
    }

    /// True for an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }

    /// True for a type that RESP2 does not have, here or within.
    pub fn needs_resp3(&self) -> bool {
        match self {
            Reply::Array(parts) => parts.iter().any(Reply::needs_resp3),
            Reply::Simple(_) | Reply::Error(_) | Reply::Integer(_) | Reply::Bulk(_) | Reply::Null => false,
            _ => true,
        }
    }
}

enum Fault {
    Incomplete,
    Wrong(String),
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    depth: usize,
}

fn wrong<T>(text: &str) -> Result<T, Fault> {
    Err(Fault::Wrong(text.to_owned()))
}

impl<'a> Reader<'a> {
    fn reply(&mut self) -> Result<Reply, Fault> {
        let Some(&kind) = self.bytes.get(self.position) else { return Err(Fault::Incomplete) };
        self.position += 1;
        match kind {
            b'+' => Ok(Reply::Simple(self.line()?.to_vec())),
            b'-' => self.error(),
            b':' => Ok(Reply::Integer(self.number()?)),
            b'$' => Ok(self.blob()?.map_or(Reply::Null, |bytes| Reply::Bulk(bytes.to_vec()))),
            b'=' => self.verbatim(),
            b'*' => Ok(self.parts(1)?.map_or(Reply::Null, Reply::Array)),
            b'%' => self.whole(2).map(Reply::Map),
            b'~' => self.whole(1).map(Reply::Set),
            b'>' => self.whole(1).map(Reply::Push),
            b'|' => {
                self.whole(2)?;
                self.reply()
            }
            b'_' if self.line()?.is_empty() => Ok(Reply::Null),
            b'#' => match self.line()? {
                b"t" => Ok(Reply::Boolean(true)),
                b"f" => Ok(Reply::Boolean(false)),
                _ => wrong("a boolean that is neither t nor f"),
            },
            b',' => self.double(),
            b'(' => {
                let digits = self.line()?;
                let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
                if unsigned.is_empty() || !unsigned.iter().all(u8::is_ascii_digit) {
                    return wrong("a big number with other than digits");
                }
                Ok(Reply::BigNumber(digits.to_vec()))
            }
            _ => wrong("no type of RESP"),
        }
    }

    fn error(&mut self) -> Result<Reply, Fault> {
        let text = self.line()?;
        let code = text.split(|&byte| byte == b' ').next().unwrap_or_default();
        if code.is_empty() || !code.iter().all(u8::is_ascii_uppercase) {
            return wrong("an error without a code");
        }
        Ok(Reply::Error(text.to_vec()))
    }

    fn double(&mut self) -> Result<Reply, Fault> {
        let text = self.line()?;
        let known = matches!(text, b"inf" | b"-inf" | b"nan");
        let digits = text.iter().all(|byte| byte.is_ascii_digit() || b"+-.e".contains(byte));
        let parses = std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok());
        if !(known || digits && parses) {
            return wrong("a double that is no number");
        }
        Ok(Reply::Double(text.to_vec()))
    }

    fn verbatim(&mut self) -> Result<Reply, Fault> {
        match self.blob()? {
            Some(bytes) if bytes.get(3) == Some(&b':') => Ok(Reply::Verbatim(bytes[4..].to_vec())),
            _ => wrong("a verbatim string without a format"),
        }
    }

    /// A line's contents, without its end.
    fn line(&mut self) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.position..];
        let Some(end) = rest.iter().position(|&byte| byte == b'\r') else {
            return if rest.contains(&b'\n') {
                wrong("a line feed without its return")
            } else {
                Err(Fault::Incomplete)
            };
        };
        if rest[..end].contains(&b'\n') {
            return wrong("a line feed within a line");
        }
        match rest.get(end + 1) {
            None => Err(Fault::Incomplete),
            Some(b'\n') => {
                self.position += end + 2;
                Ok(&rest[..end])
            }
            Some(_) => wrong("a return without its line feed"),
        }
    }

    /// A number in its only form.
    fn number(&mut self) -> Result<i64, Fault> {
        let line = self.line()?;
        let digits = line.strip_prefix(b"-").unwrap_or(line);
        let canonical = digits.first().is_some_and(|first| matches!(first, b'1'..=b'9')) || line == b"0";
        let number: Option<i64> = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok());
        match number {
            Some(number) if canonical => Ok(number),
            _ => wrong("a number in another form than its own"),
        }
    }

    fn length(&mut self) -> Result<Option<usize>, Fault> {
        match self.number()? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).or_else(|_| wrong("a negative length")),
        }
    }

    fn blob(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let Some(length) = self.length()? else { return Ok(None) };
        let rest = &self.bytes[self.position..];
        if rest.len() < length.saturating_add(2) {
            return Err(Fault::Incomplete);
        }
        if &rest[length..length + 2] != b"\r\n" {
            return wrong("a string longer than told");
        }
        self.position += length + 2;
        Ok(Some(&rest[..length]))
    }

    fn whole(&mut self, times: usize) -> Result<Vec<Reply>, Fault> {
        match self.parts(times)? {
            Some(parts) => Ok(parts),
            None => wrong("a null of a type that has none"),
        }
    }

    fn parts(&mut self, times: usize) -> Result<Option<Vec<Reply>>, Fault> {
        let Some(length) = self.length()? else { return Ok(None) };
        if self.depth == DEPTH_MAX {
            return wrong("too deep");
        }
        self.depth += 1;
        let parts = (0..length.saturating_mul(times)).map(|_| self.reply()).collect::<Result<Vec<_>, _>>()?;
        self.depth -= 1;
        Ok(Some(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_read() {
        let all = b"+OK\r\n-ERR no\r\n:-5\r\n$3\r\na\r\n\r\n$-1\r\n*2\r\n:1\r\n*0\r\n%1\r\n+a\r\n#t\r\n~0\r\n>1\r\n_\r\n,1.5\r\n(-12\r\n=5\r\ntxt:a\r\n";
        let replies = Reply::parse_all(all).unwrap();
        assert_eq!(replies.len(), 12);
        assert_eq!(replies[3], Reply::Bulk(b"a\r\n".to_vec()));
        for length in 0..all.len() {
            let mut rest = &all[..length];
            while let Some((_, length)) = Reply::parse(rest).unwrap() {
                rest = &rest[length..];
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for bytes in [
            &b":01\r\n"[..],
            b"+a\nb\r\n",
            b"+a\rb\r\n",
            b"-err lower\r\n",
            b"$2\r\nabc\r\n",
            b"$-2\r\n",
            b"%-1\r\n",
            b"?\r\n",
            b",abc\r\n",
            b"=1\r\na\r\n",
        ] {
            assert!(Reply::parse(bytes).is_err(), "{}", bytes.escape_ascii());
        }
    }
}
