//! How likely the kernel is to end this process when memory runs out.

use crate::listener::socket::system_text;
use engine::config::OomScoreAdjustment;

const FILE: &str = "/proc/self/oom_score_adj";
const SCORE_MAX: i32 = 1000;

/// Sets the score, and remembers what it was before.
#[derive(Debug, Default)]
pub struct OomScore {
    /// The score before it was set from here; `None` while it is not.
    before: Option<i32>,
}

impl OomScore {
    /// Applies a score of the configuration, which the adjustment says to count from zero or from the score before, or not at
    /// all, and then the score before comes back, once.
    ///
    /// # Errors
    /// The text for whoever asked.
    pub fn apply(&mut self, adjustment: OomScoreAdjustment, score: i32) -> Result<(), String> {
        let score = match (adjustment, self.before) {
            (OomScoreAdjustment::No, None) => return Ok(()),
            (OomScoreAdjustment::No, Some(before)) => before,
            (OomScoreAdjustment::Absolute, _) => score,
            (OomScoreAdjustment::Relative, before) => before.unwrap_or_else(read) + score,
        };
        let before = self.before.unwrap_or_else(read);
        std::fs::write(FILE, score.clamp(-SCORE_MAX, SCORE_MAX).to_string()).map_err(|error| {
            tracing::warn!("Unable to write oom_score_adj: {}", system_text(&error));
            "Failed to apply new oom_score_adj configuration, check server logs.".to_owned()
        })?;
        self.before = (adjustment != OomScoreAdjustment::No).then_some(before);
        Ok(())
    }
}

fn read() -> i32 {
    std::fs::read_to_string(FILE).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
