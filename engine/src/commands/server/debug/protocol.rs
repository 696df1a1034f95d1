//! DEBUG PROTOCOL and its like: replies made to order.

use crate::base::glob;
use crate::base::number::parse_i64;
use crate::command::context::Context;
use crate::command::error::Error;
use crate::resp::reply::Protocol;
use crate::resp::request::Arguments;
use alloc::string::String;
use alloc::vec;

/// Longest text of STRINGMATCH-LEN.
const TEXT_MAX: usize = 1 << 20;

#[expect(clippy::approx_constant, reason = "the reference answers just this number")]
pub(super) fn protocol(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let old = context.reply.protocol() == Protocol::Resp2;
    let reply = &mut context.reply;
    match arguments[2].to_ascii_lowercase().as_slice() {
        b"string" => reply.bulk(b"Hello World"),
        b"integer" => reply.integer(12345),
        b"double" => reply.double(3.141),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        b"map" => {
            reply.map(3);
            for number in 0..3 {
                reply.integer(number);
                reply.boolean(number == 1);
            }
        }
        b"attrib" => {
            if !old {
                reply.attribute(1);
                reply.bulk(b"key-popularity");
                reply.array(2);
                reply.bulk(b"key:123");
                reply.integer(90);
            }
            reply.bulk(b"Some real reply following the attribute");
        }
        b"push" if old => return Err(Error::Text("ERR RESP2 is not supported by this command")),
        b"push" => {
            reply.push(2);
            reply.bulk(b"server-cpu-usage");
            reply.integer(42);
            reply.bulk(b"Some real reply following the push reply");
        }
        b"verbatim" => reply.verbatim("txt", b"This is a verbatim\nstring"),
        b"true" => reply.boolean(true),
        b"false" => reply.boolean(false),
        b"bignum" => reply.big_number("1234567999999999999999999999999999999"),
        _ => {
            return Err(Error::Text(
                "ERR Wrong protocol type name. Please use one of the following: \
                 string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
            ));
        }
    }
    Ok(())
}

pub(super) fn error(_context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    Err(Error::Formatted(String::from_utf8_lossy(&arguments[2]).into_owned()))
}

pub(super) fn stringmatch_len(context: &mut Context<'_>, arguments: Arguments<'_>) -> Result<(), Error> {
    let length = parse_i64(&arguments[2]).ok_or(Error::NotInteger)?;
    let text = vec![b'a'; usize::try_from(length).map_err(|_| Error::NotPositive)?.min(TEXT_MAX)];
    context.reply.integer(i64::from(glob::matches(&arguments[3], &text, false)));
    Ok(())
}
