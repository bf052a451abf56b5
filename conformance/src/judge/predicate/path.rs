//! Paths as text: what lies below what.

/// The path without `.`, `..` and doubled slashes, by its text alone.
pub(super) fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let text = parts.join("/");
    // A drive of Windows is where a path begins.
    if parts.first().is_some_and(|first| first.len() == 2 && first.ends_with(':')) {
        text
    } else {
        format!("/{text}")
    }
}

/// Whether a normal path is a folder or lies below it.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path as a descriptor names it, without the mark of a file that has no name any more.
pub(super) fn without_mark(path: &str) -> &str {
    path.strip_suffix(" (deleted)").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_by_text() {
        assert_eq!(normal("/home/.store/../escaped"), "/home/escaped");
        assert_eq!(normal("/../..//a/./b/"), "/a/b");
        assert_eq!(normal("/"), "/");
        assert_eq!(normal("C:/home/../store/"), "C:/store");
    }

    #[test]
    fn a_sibling_with_the_same_beginning_is_not_below() {
        assert!(is_below("/home/store", "/home/store"));
        assert!(is_below("/home/store/a", "/home/store/"));
        assert!(!is_below("/home/store-of-others", "/home/store"));
    }
}
