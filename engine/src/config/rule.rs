//! What a text parameter must satisfy beyond being text.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::fault::Fault;

/// The longest announced host name, in bytes.
const HOSTNAME_LENGTH_MAX: usize = 255;

/// The variables that `proc-title-template` may name, and whether each always expands to something.
const TITLE_VARIABLES: [(&[u8], bool); 7] = [
    (b"title", false),
    (b"listen-addr", true),
    (b"server-mode", false),
    (b"port", true),
    (b"tls-port", true),
    (b"unixsocket", false),
    (b"config-file", true),
];

/// A demand on a text parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRule {
    /// Anything goes.
    Any,
    /// A file name without a directory.
    SnapshotName,
    /// A file name without a directory, not empty.
    AppendFileName,
    /// A directory name without a path, not empty.
    AppendDirectoryName,
    /// A file name, not empty.
    ClusterFileName,
    /// Letters, digits, hyphens and dots.
    Hostname,
    /// No character that `nodes.conf` uses itself.
    NodeName,
    /// Text with `{variables}` that expands to something.
    TitleTemplate,
    /// An IPv4 address, or empty.
    Ipv4,
    /// An IPv6 address, or empty.
    Ipv6,
}

impl TextRule {
    /// Checks `text` against the rule.
    pub(super) fn check(self, text: &[u8]) -> Result<(), Fault> {
        let verdict = match self {
            TextRule::Any => None,
            TextRule::SnapshotName => is_path(text).then_some(Fault::SnapshotNameIsPath),
            TextRule::AppendFileName if text.is_empty() => Some(Fault::AppendFileNameEmpty),
            TextRule::AppendFileName => is_path(text).then_some(Fault::AppendFileNameIsPath),
            TextRule::AppendDirectoryName if text.is_empty() => Some(Fault::AppendDirectoryNameEmpty),
            TextRule::AppendDirectoryName => is_path(text).then_some(Fault::AppendDirectoryNameIsPath),
            TextRule::ClusterFileName => text.is_empty().then_some(Fault::ClusterFileNameEmpty),
            TextRule::Hostname if text.len() > HOSTNAME_LENGTH_MAX => Some(Fault::HostnameTooLong),
            TextRule::Hostname => {
                (!text.iter().all(|&byte| is_hostname_byte(byte))).then_some(Fault::HostnameCharacter)
            }
            TextRule::NodeName => {
                text.iter().any(|byte| b"!#$%&()*+:;<>?@[]^{|}~".contains(byte)).then_some(Fault::NodeNameCharacter)
            }
            TextRule::TitleTemplate => (!expands(text)).then_some(Fault::TitleTemplate),
            TextRule::Ipv4 => (!text.is_empty() && !parses::<Ipv4Addr>(text)).then_some(Fault::NotIpv4),
            TextRule::Ipv6 => (!text.is_empty() && !parses::<Ipv6Addr>(text)).then_some(Fault::NotIpv6),
        };
        verdict.map_or(Ok(()), Err)
    }
}

fn is_path(text: &[u8]) -> bool {
    text.iter().any(|&byte| byte == b'/' || byte == b'\\')
}

fn is_hostname_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

fn parses<T: core::str::FromStr>(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_ok_and(|text| text.parse::<T>().is_ok())
}

/// Whether a title template names known variables only and certainly expands to more than spaces. `{{` is a literal brace.
fn expands(template: &[u8]) -> bool {
    let mut something = false;
    let mut rest = template;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'{' {
            something |= byte != b' ';
            rest = after;
        } else if after.first() == Some(&b'{') {
            something = true;
            rest = &after[1..];
        } else {
            let Some(end) = after.iter().position(|&byte| byte == b'}') else {
                return false;
            };
            let variable = &after[..end];
            let Some((_, certain)) = TITLE_VARIABLES.iter().find(|(name, _)| *name == variable) else {
                return false;
            };
            something |= certain;
            rest = &after[end + 1..];
        }
    }
    something
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_template_names_known_variables_only() {
        for good in ["{title} {listen-addr} {server-mode}", "x", "{{", "TEST {title} {port}"] {
            assert_eq!(TextRule::TitleTemplate.check(good.as_bytes()), Ok(()), "{good}");
        }
        for bad in ["", "   ", "{title", "{", "{invalid-var}", "{title} {unknown}"] {
            assert_eq!(TextRule::TitleTemplate.check(bad.as_bytes()), Err(Fault::TitleTemplate), "{bad}");
        }
    }

    #[test]
    fn file_names_have_no_directory() {
        assert_eq!(TextRule::SnapshotName.check(b"a/b"), Err(Fault::SnapshotNameIsPath));
        assert_eq!(TextRule::AppendFileName.check(b""), Err(Fault::AppendFileNameEmpty));
        assert_eq!(TextRule::AppendDirectoryName.check(b"a\\b"), Err(Fault::AppendDirectoryNameIsPath));
        assert_eq!(TextRule::SnapshotName.check(b"dump.rdb"), Ok(()));
    }

    #[test]
    fn announced_names_keep_to_their_characters() {
        assert_eq!(TextRule::Hostname.check(b"node-1.example"), Ok(()));
        assert_eq!(TextRule::Hostname.check(b"node_1"), Err(Fault::HostnameCharacter));
        assert_eq!(TextRule::Hostname.check(&[b'a'; 256]), Err(Fault::HostnameTooLong));
        assert_eq!(TextRule::NodeName.check(b"a b"), Ok(()));
        assert_eq!(TextRule::NodeName.check(b"a:b"), Err(Fault::NodeNameCharacter));
        assert_eq!(TextRule::Ipv4.check(b"1.2.3"), Err(Fault::NotIpv4));
        assert_eq!(TextRule::Ipv6.check(b"::1"), Ok(()));
    }
}
