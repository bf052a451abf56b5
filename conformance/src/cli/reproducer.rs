//! The command that repeats exactly one check of a run.

use super::{Broker, RunArguments};
use crate::case::CheckId;

impl RunArguments {
    /// The command line, for a shell, that judges one check again as this run did.
    ///
    /// What is left out is what does not change an outcome: selection, baseline, jobs and results.
    pub fn reproducer(&self, check: &CheckId) -> String {
        let mut words = vec!["sealcheck".to_owned(), "run".into()];
        match &self.adapter_dir {
            Some(folder) => words.extend(["--adapter-dir".into(), quoted(&folder.to_string_lossy())]),
            None => words.extend(["-a".into(), quoted(&self.adapter)]),
        }
        if let Some(folder) = &self.state {
            words.extend(["--state".into(), quoted(&folder.to_string_lossy())]);
        }
        match self.broker {
            Broker::Busd => {}
            Broker::DbusDaemon => words.extend(["--broker".into(), self.broker.as_str().into()]),
        }
        for observer in &self.without_observer {
            words.extend(["--without-observer".into(), observer.as_str().into()]);
        }
        words.extend(["--select".into(), quoted(check.as_str())]);
        words.join(" ")
    }
}

/// A word that a shell reads as it is.
fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.into();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::cli::{Arguments, Command};

    fn reproducer(line: &[&str]) -> String {
        let arguments = Arguments::try_parse_from(line).expect("command lines in tests are right");
        let Command::Run(run) = arguments.command else { panic!("run was asked for") };
        run.reproducer(&"naming/default-name#item".parse().expect("ids in tests are well formed"))
    }

    #[test]
    fn what_decides_an_outcome_is_repeated_and_the_rest_is_not() {
        assert_eq!(
            reproducer(&["sealcheck", "run", "--select", "naming/*", "-j", "4", "--results", "x.jsonl"]),
            "sealcheck run -a reference --select 'naming/default-name#item'"
        );
        assert_eq!(
            reproducer(&[
                "sealcheck",
                "run",
                "-a",
                "python-azure-identity",
                "--broker",
                "dbus-daemon",
                "--without-observer",
                "bus",
            ]),
            "sealcheck run -a python-azure-identity --broker dbus-daemon --without-observer bus --select \
             'naming/default-name#item'"
        );
    }

    #[test]
    fn a_folder_with_a_quote_is_one_word_for_a_shell() {
        assert_eq!(
            reproducer(&["sealcheck", "run", "--adapter-dir", "it's here"]),
            r"sealcheck run --adapter-dir 'it'\''s here' --select 'naming/default-name#item'"
        );
    }
}
