//! A client that waits for each reply.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Reply {
    /// A simple string, or an error with its `-`; what only RESP3 has, likewise.
    Line(String),
    /// An integer.
    Integer(i64),
    /// A bulk string; `None` is the null.
    Bulk(Option<Vec<u8>>),
    /// An array; of RESP3 a map, a set or a push, too.
    Array(Vec<Reply>),
}

/// A connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a server on this machine.
    pub(crate) fn connect(port: u16) -> Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends one request, and waits for its reply.
    pub(crate) fn try_ask(&mut self, arguments: &[&[u8]]) -> Result<Reply> {
        self.send(arguments)?;
        self.reply()
    }

    /// Sends one request.
    pub(crate) fn send(&mut self, arguments: &[&[u8]]) -> Result<()> {
        let mut request = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            request.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
            request.extend_from_slice(argument);
            request.extend_from_slice(b"\r\n");
        }
        self.stream.get_mut().write_all(&request)
    }

    /// As [`Client::try_ask`], where nothing may fail.
    pub(crate) fn ask(&mut self, arguments: &[&[u8]]) -> Reply {
        self.try_ask(arguments).expect("a reply")
    }

    /// Words of one request, separated by spaces.
    pub(crate) fn line(&mut self, request: &str) -> Reply {
        let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        self.ask(&words)
    }

    /// Waits for what comes, asked for or not.
    pub(crate) fn next(&mut self) -> Reply {
        self.reply().expect("a message")
    }

    fn reply(&mut self) -> Result<Reply> {
        let mut line = Vec::new();
        if self.stream.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        // An error repeats what a client sent, whatever that was.
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        let (kind, rest) = line.split_at(1);
        let number = || rest.parse::<i64>().expect("a number");
        Ok(match kind {
            ":" => Reply::Integer(number()),
            "$" if number() < 0 => Reply::Bulk(None),
            "$" => {
                let mut bytes = vec![0; number() as usize + 2];
                self.stream.read_exact(&mut bytes)?;
                bytes.truncate(bytes.len() - 2);
                Reply::Bulk(Some(bytes))
            }
            "*" if number() < 0 => Reply::Line(line.to_owned()),
            "*" | "~" | ">" => Reply::Array((0..number()).map(|_| self.reply()).collect::<Result<_>>()?),
            "%" => Reply::Array((0..2 * number()).map(|_| self.reply()).collect::<Result<_>>()?),
            "+" => Reply::Line(rest.to_owned()),
            _ => Reply::Line(line.to_owned()),
        })
    }
}
