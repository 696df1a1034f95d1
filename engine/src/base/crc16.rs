//! CRC-16/XMODEM and the cluster slot of a key.
//!
//! Polynomial `1021`, not reflected, initial value and final XOR zero; the check value of `123456789` is `31c3`. The slot rules are those
//! of the Redis Cluster specification, "Key distribution model" and "Hash tags".

/// The number of slots that a cluster's keys are divided into.
pub const SLOT_COUNT: u16 = 16384;

static TABLE: [u16; 256] = build_table();

const fn build_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut checksum = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            checksum = checksum << 1 ^ if checksum & 0x8000 != 0 { 0x1021 } else { 0 };
            bit += 1;
        }
        table[byte] = checksum;
        byte += 1;
    }
    table
}

/// The CRC-16/XMODEM of `bytes`.
#[inline]
pub fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |checksum, byte| checksum << 8 ^ TABLE[usize::from((checksum >> 8) as u8 ^ byte)])
}

/// The slot, 0 to 16383, of `key`: of its hash tag alone if it has one.
#[inline]
pub fn slot_of(key: &[u8]) -> u16 {
    checksum(hash_tag(key).unwrap_or(key)) % SLOT_COUNT
}

/// What stands between the first `{` of `key` and the first `}` after it, unless there is no such pair or nothing between.
#[inline]
pub fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let open = key.iter().position(|byte| *byte == b'{')?;
    let after = &key[open + 1..];
    let close = after.iter().position(|byte| *byte == b'}')?;
    (close > 0).then(|| &after[..close])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(checksum(b"123456789"), 0x31c3);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn slots_follow_hash_tags() {
        assert_eq!(slot_of(b"foo"), 12182);
        assert_eq!(slot_of(b"{foo}.bar"), slot_of(b"foo"));
        assert_eq!(slot_of(b"a{foo}{bar}"), slot_of(b"foo"));
        assert_eq!(hash_tag(b"foo{}{bar}"), None);
        assert_eq!(hash_tag(b"foo{{bar}}zap"), Some(&b"{bar"[..]));
        assert_eq!(hash_tag(b"foo{bar"), None);
        assert_eq!(hash_tag(b"foo}bar{"), None);
        assert_eq!(hash_tag(b""), None);
    }
}
