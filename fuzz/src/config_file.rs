//! Any text loads or is refused; what was loaded is rewritten, and loads to the
//! same.

use engine::config::{CommandLine, Config, Id, RunningState, rewrite};

/// The bytes are the text; up to a NUL, if there is one, behind which comes what
/// `include` finds.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let (text, included) = (parts.next().unwrap_or_default(), parts.next());
    let mut includes = 0;
    let mut include = |_: &[u8]| {
        includes += 1;
        match included {
            Some(text) if includes < 20 => Ok(text.to_vec()),
            _ => Err("No such file or directory".to_owned()),
        }
    };
    let mut config = Config::new();
    if let Err(error) = config.load(text, &mut include) {
        drop(error.report("Redis"));
        return;
    }
    let rewritten = rewrite(text, &config, RunningState::default());
    let mut again = Config::new();
    let mut include = |_: &[u8]| Ok(included.unwrap_or_default().to_vec());
    if included.is_none_or(<[u8]>::is_empty) {
        let loaded = again.load(&rewritten, &mut include);
        assert!(loaded.is_ok(), "{loaded:?}: {}", rewritten.escape_ascii());
        for id in Id::ALL {
            let (one, other) = (config.format(id), again.format(id));
            assert_eq!(one.escape_ascii().to_string(), other.escape_ascii().to_string(), "{id:?}");
        }
        // As in the reference, a class of clients at its default gets a line of
        // its own only where there was one, so the text may change once more.
        let second = rewrite(&rewritten, &again, RunningState::default());
        let third = rewrite(&second, &again, RunningState::default());
        assert_eq!(third.escape_ascii().to_string(), second.escape_ascii().to_string());
    }
    let words: Vec<&[u8]> = text.split(u8::is_ascii_whitespace).collect();
    drop(CommandLine::parse(&words).text(b"", b""));
}
