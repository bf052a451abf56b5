//! The folders of this machine, which no recording names.

use std::path::{self, Path, PathBuf};

use serde_json::Value;

use crate::observation::Observation;

/// The folders of this machine that evidence can name, with what stands for each in a recording.
///
/// What is left are the paths of the world, which mean nothing outside it, and those of the system.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MachinePaths(Vec<(String, &'static str)>);

impl MachinePaths {
    /// These folders, as they are given and as they are found. Of two that lie in each other, the inner one is looked for
    /// first.
    pub fn new(folders: impl IntoIterator<Item = (PathBuf, &'static str)>) -> Self {
        let spelt =
            folders.into_iter().flat_map(|(path, word)| spellings(&path).map(move |path| (path, word)));
        let named = spelt.filter(|(path, _)| path.parent().is_some());
        let mut named: Vec<_> =
            named.filter_map(|(path, word)| Some((path.to_str()?.to_owned(), word))).collect();
        named.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self(named)
    }

    /// The folders that a run of an adapter on this machine can name.
    pub fn of(harness: &Path, adapter: Option<&Path>, state: Option<&Path>) -> Self {
        let temporary = std::env::temp_dir();
        let home = std::env::var_os("HOME").map(PathBuf::from);
        // Worlds lie there. Their paths must stay absolute, and must not tell whose folder it was.
        let is_own = home.as_ref().is_some_and(|home| {
            let mut homes = spellings(home);
            homes.any(|home| spellings(&temporary).any(|temporary| temporary.starts_with(&home)))
        });
        let folders = [
            (Some(harness.to_owned()), SEALCHECK),
            (adapter.map(Path::to_owned), ADAPTER),
            (state.map(Path::to_owned), STATE),
            (is_own.then_some(temporary), TEMPORARY),
            (home, HOME),
        ];
        Self::new(folders.into_iter().filter_map(|(folder, word)| Some((folder?, word))))
    }

    /// The observation without these folders.
    pub(super) fn taken_out_of(&self, seen: &Observation) -> Observation {
        let mut value = serde_json::to_value(seen).expect("an observation is plain data");
        self.take_out_of(&mut value);
        serde_json::from_value(value).expect("texts stay texts")
    }

    fn take_out_of(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                for (path, word) in &self.0 {
                    if text.contains(path.as_str()) {
                        *text = replaced(text, path, word);
                    }
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.take_out_of(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.take_out_of(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// A folder as an adapter is told of it, and as the system names it: a link leads to another path.
fn spellings(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    [path::absolute(folder), folder.canonicalize()].into_iter().flatten()
}

/// The text with a word wherever the path stands by itself: `/root` is no part of `/x/root` and of `/rooted`.
fn replaced(text: &str, path: &str, word: &str) -> String {
    let is_name = |character: char| character.is_alphanumeric() || "-_.".contains(character);
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(path) {
        let (before, from) = rest.split_at(at);
        let after = &from[path.len()..];
        output.push_str(before);
        let stands_alone = !output.ends_with(is_name) && !after.starts_with(is_name);
        output.push_str(if stands_alone { word } else { path });
        rest = after;
    }
    output.push_str(rest);
    output
}

const SEALCHECK: &str = "<sealcheck>";
const ADAPTER: &str = "<adapter>";
const STATE: &str = "<state>";
const TEMPORARY: &str = "/tmp";
const HOME: &str = "<home>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inner_folder_is_named_and_not_the_one_around_it() {
        let machine = MachinePaths::new([("/home/a".into(), HOME), ("/home/a/.state/sc".into(), STATE)]);
        let mut value = serde_json::json!({
            "program": "/home/a/.state/sc/bin/python",
            "arguments": ["--in=/home/a", "/home/a/x:/home/a/y", "/home/ab", "/tmp/home/a", "/home/a.txt"],
            "count": 1,
        });
        machine.take_out_of(&mut value);
        let expected = serde_json::json!({
            "program": "<state>/bin/python",
            "arguments": ["--in=<home>", "<home>/x:<home>/y", "/home/ab", "/tmp/home/a", "/home/a.txt"],
            "count": 1,
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_folder_is_looked_for_wherever_it_is_given_from() {
        let here = std::env::current_dir().expect("it is there");
        let machine = MachinePaths::new([("no-folder".into(), ADAPTER)]);
        let mut value = serde_json::json!(here.join("no-folder/run"));
        machine.take_out_of(&mut value);
        assert_eq!(value, "<adapter>/run");
    }

    #[test]
    fn the_root_of_all_folders_and_what_has_no_name_are_not_looked_for() {
        assert_eq!(MachinePaths::new([("/".into(), HOME), ("".into(), STATE)]), MachinePaths::default());
    }
}
