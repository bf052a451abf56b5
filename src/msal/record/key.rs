//! The keys under which MSAL for Python stores records.
//!
//! Nothing is looked up by a key: the fields decide. But two writers that agree on keys replace each other's records
//! instead of adding to them:
//! <https://github.com/AzureAD/microsoft-authentication-library-for-python/blob/1.39.0/msal/token_cache.py>,
//! `TokenCache.__init__`.

/// A key of parts; all of it is in small letters.
pub(super) fn joined(parts: &[&str]) -> String {
    parts.join("-").to_lowercase()
}

/// The key of an application's metadata, the only one that keeps its capitals.
pub(super) fn of_application(environment: &str, client_id: &str) -> String {
    format!("appmetadata-{environment}-{client_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_part_leaves_its_hyphen() {
        assert_eq!(
            joined(&["", "login.example", "AccessToken", "Client", "", "Scope"]),
            "-login.example-accesstoken-client--scope"
        );
    }

    #[test]
    fn small_letters_are_those_of_unicode() {
        // 'İΣ-ΑΣ'.lower() in Python: the dot stays as a mark, and the last sigma of a word has its own form.
        assert_eq!(joined(&["\u{130}\u{3A3}", "\u{391}\u{3A3}"]), "i\u{307}\u{3C2}-\u{3B1}\u{3C2}");
    }
}
