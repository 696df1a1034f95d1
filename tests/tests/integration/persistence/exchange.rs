//! What one server saves another loads.

use crate::client::{Client, Reply};
use crate::process::{Folder, Server};

/// Keys and values of every form that a string takes in a file.
fn samples() -> Vec<(u32, Vec<u8>, Vec<u8>, Option<i64>)> {
    let far = 4_000_000_000_000;
    let binary: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let mut samples = vec![
        (0, b"empty".to_vec(), b"".to_vec(), None),
        (0, b"".to_vec(), b"the empty key".to_vec(), None),
        (0, b"12345".to_vec(), b"a key that is a number".to_vec(), Some(far)),
        (0, b"binary".to_vec(), binary.clone(), None),
        (0, binary, b"a long key".to_vec(), Some(far + 1)),
        (1, b"compressible".to_vec(), b"ab".repeat(40_000), None),
        (1, vec![b'k'; 70_000], b"a very long key".to_vec(), None),
        (15, b"in the last database".to_vec(), b"x".to_vec(), Some(far + 2)),
    ];
    for number in [0, 1, -1, 127, -128, 128, 32_767, 32_768, 1 << 31, i64::MAX, i64::MIN] {
        samples.push((2, format!("number:{number}").into_bytes(), number.to_string().into_bytes(), None));
    }
    for text in ["01", "+1", "-0", "1.5", "9223372036854775808"] {
        samples.push((2, format!("text:{text}").into_bytes(), text.as_bytes().to_vec(), None));
    }
    for length in [1, 19, 20, 21, 63, 64, 16_383, 16_384, 100_000] {
        let incompressible: Vec<u8> =
            (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        samples.push((3, format!("length:{length}").into_bytes(), incompressible, None));
    }
    for at in 0..20_000 {
        samples.push((4, format!("many:{at}").into_bytes(), format!("value {}", at * 7).into_bytes(), None));
    }
    samples
}

fn select(client: &mut Client, database: u32) {
    assert_eq!(client.line(&format!("SELECT {database}")), Reply::Line("OK".into()));
}

fn fill(client: &mut Client) {
    let mut selected = 0;
    for (database, key, value, expire_at_ms) in samples() {
        if database != selected {
            select(client, database);
            selected = database;
        }
        assert_eq!(client.ask(&[b"SET", &key, &value]), Reply::Line("OK".into()));
        if let Some(time) = expire_at_ms {
            assert_eq!(client.ask(&[b"PEXPIREAT", &key, time.to_string().as_bytes()]), Reply::Integer(1));
        }
    }
}

fn assert_filled(client: &mut Client) {
    let samples = samples();
    let mut selected = 0;
    for (database, key, value, expire_at_ms) in &samples {
        if *database != selected {
            select(client, *database);
            selected = *database;
        }
        let name = String::from_utf8_lossy(&key[..key.len().min(40)]);
        assert!(client.ask(&[b"GET", key]) == Reply::Bulk(Some(value.clone())), "{name}");
        assert_eq!(client.ask(&[b"PEXPIRETIME", key]), Reply::Integer(expire_at_ms.unwrap_or(-1)), "{name}");
    }
    let mut count = 0;
    for database in 0..16 {
        select(client, database);
        let Reply::Integer(keys) = client.line("DBSIZE") else { panic!("DBSIZE") };
        count += keys as usize;
    }
    assert_eq!(count, samples.len());
}

/// Fills ours, saves there, and looks at what the real server finds; then the
/// other way round.
fn exchange(program: &str, version: &str) {
    for command in ["SAVE", "BGSAVE"] {
        let folder = Folder::new();
        let file = folder.path().join("dump.rdb");
        let ours = Server::ours(&folder, &["--rdb-version", version]);
        let mut client = ours.client();
        fill(&mut client);
        assert!(matches!(client.line(command), Reply::Line(reply) if !reply.starts_with('-')));
        while !file.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let Some(real) = Server::real(program, &folder, &[]) else { return };
        assert_filled(&mut real.client());
    }
    let folder = Folder::new();
    let Some(real) = Server::real(program, &folder, &[]) else { return };
    let mut client = real.client();
    fill(&mut client);
    assert_eq!(client.line("SAVE"), Reply::Line("OK".into()));
    let ours = Server::ours(&folder, &[]);
    assert_filled(&mut ours.client());
}

#[test]
fn with_redis_7_0() {
    exchange("redis-server", "10");
}

#[test]
fn with_valkey_8_0() {
    exchange("valkey-server", "11");
}
