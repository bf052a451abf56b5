//! Ids with `*` in them.

use std::fmt;

use super::{CaseId, Check, CheckId};

/// A pattern over ids: `*` stands for any characters, everything else for itself.
///
/// A pattern without `#` is matched against ids of cases and stands for all their checks; one without `/`, against areas.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern from its text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether it stands for the check.
    pub fn matches(&self, check: &CheckId) -> bool {
        if self.0.contains('#') {
            glob(self.0.as_bytes(), check.as_str().as_bytes())
        } else {
            self.matches_case(&check.case())
        }
    }

    /// Whether it stands for any of the checks.
    pub fn matches_any<'a>(&self, checks: impl IntoIterator<Item = &'a Check>) -> bool {
        checks.into_iter().any(|check| self.matches(&check.id))
    }

    /// Whether it stands for a text that is no id, such as the name of a mutant.
    pub fn matches_text(&self, text: &str) -> bool {
        glob(self.0.as_bytes(), text.as_bytes())
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A pattern without a slash stands for areas.
    fn matches_case(&self, case: &CaseId) -> bool {
        let text = if self.0.contains('/') { case.as_str() } else { case.area().as_str() };
        glob(self.0.as_bytes(), text.as_bytes())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Greedy matching with one place to go back to, so that time is bounded by the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while seen < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, seen));
            at += 1;
        } else if pattern.get(at) == Some(&text[seen]) {
            at += 1;
            seen += 1;
        } else if let Some((star_at, star_seen)) = star {
            at = star_at + 1;
            seen = star_seen + 1;
            star = Some((star_at, star_seen + 1));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CheckId {
        text.parse().expect("a valid id")
    }

    #[test]
    fn a_pattern_without_a_hash_stands_for_all_checks_of_a_case() {
        assert!(Pattern::new("naming/default-name").matches(&id("naming/default-name#value")));
        assert!(Pattern::new("naming/*").matches(&id("naming/default-name#value")));
        assert!(!Pattern::new("naming/default").matches(&id("naming/default-name#value")));
    }

    #[test]
    fn a_pattern_without_a_slash_stands_for_all_checks_of_an_area() {
        assert!(Pattern::new("naming").matches(&id("naming/default-name#value")));
        assert!(Pattern::new("nam*").matches(&id("naming/default-name#value")));
        assert!(!Pattern::new("name").matches(&id("naming/default-name#value")));
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        assert!(Pattern::new("fail-closed/*#nothing-*").matches(&id("fail-closed/no-bus#nothing-created")));
        assert!(Pattern::new("*").matches(&id("fail-closed/no-bus#nothing-created")));
        assert!(Pattern::new("*#*-*").matches(&id("fail-closed/no-bus#nothing-created")));
        assert!(!Pattern::new("*#refuses").matches(&id("fail-closed/no-bus#nothing-created")));
    }

    #[test]
    fn many_stars_do_not_take_exponential_time() {
        let text = format!("naming/{}#b", "a".repeat(2_000));
        assert!(!Pattern::new(format!("{}#c", "*a".repeat(500))).matches(&id(&text)));
    }
}
