//! Width, wrapping, and text that may be hostile made printable.

/// How many columns a report may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Width(usize);

impl Width {
    /// The width where nobody says: a file or a pipe.
    pub const DEFAULT: Self = Self(110);

    /// A width, held between what a table needs and what an eye can follow.
    pub fn new(columns: usize) -> Self {
        Self(columns.clamp(60, 140))
    }

    /// The number of columns.
    pub fn columns(self) -> usize {
        self.0
    }
}

/// Text that cannot move a cursor, change a colour or reverse a line: control and format characters are escaped.
///
/// Names of files, messages of libraries and output of adapters are hostile until shown otherwise.
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for character in text.chars() {
        if moves(character) {
            printed.extend(character.escape_unicode());
        } else {
            printed.push(character);
        }
    }
    printed
}

fn moves(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// How many columns a text takes, each character counted as one.
pub(super) fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A text padded on the right.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}

/// A text cut to a number of columns; a cut is shown.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The words of a text in lines of at most a number of columns; a longer word has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A label and a text beside it, wrapped under its own beginning.
pub(super) fn labelled(
    indent: usize,
    label: &str,
    label_style: anstyle::Style,
    text: &str,
    text_style: anstyle::Style,
    width: Width,
) -> String {
    let label_columns = LABEL_COLUMNS.max(columns(label) + 1);
    let begin = indent + label_columns;
    let lines = wrapped(&printable(text), width.columns().saturating_sub(begin));
    let mut block = String::new();
    for (index, line) in lines.iter().enumerate() {
        let label = padded(if index == 0 { label } else { "" }, label_columns);
        let lead = if index == 0 { super::palette::paint(label_style, label) } else { label };
        block.push_str(&format!("{:indent$}{lead}{}\n", "", super::palette::paint(text_style, line)));
    }
    block
}

/// The columns that labels take, the gap after them included.
const LABEL_COLUMNS: usize = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_of_a_hostile_name_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb\u{202e}c\nd"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}d");
        assert_eq!(printable("~/.IdentityService/münchen.nocae"), "~/.IdentityService/münchen.nocae");
    }

    #[test]
    fn words_are_wrapped_and_long_ones_kept_whole() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a incomprehensibility b", 5), ["a", "incomprehensibility", "b"]);
        assert_eq!(wrapped("  ", 5), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn wrapping_loses_no_word(text in "[a-z]{0,12}( [a-z]{1,12}){0,20}", width in 1_usize..40) {
            let words: Vec<_> = text.split_whitespace().collect();
            let lines = wrapped(&text, width);
            prop_assert_eq!(lines.join(" "), words.join(" "));
            prop_assert!(lines.iter().all(|line| columns(line) <= width || !line.contains(' ')));
        }

        #[test]
        fn a_shortened_text_fits(text in "\\PC{0,60}", width in 1_usize..40) {
            prop_assert!(columns(&shortened(&text, width)) <= width);
        }

        #[test]
        fn nothing_that_moves_survives(text in any::<String>()) {
            prop_assert!(!printable(&text).chars().any(moves));
        }
    }
}
