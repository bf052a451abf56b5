//! The commands that repeat exactly one check of a run, or play a recording of its case.

use std::path::Path;

use super::RunArguments;
use crate::{
    canary::Seed,
    case::CheckId,
    world::{BrokerKind, ProviderKind},
};

impl RunArguments {
    /// The command line, for a shell, that judges one check again as this run did, with the same canaries.
    ///
    /// What is left out is what does not change an outcome: selection, shard, baseline, jobs, results and reports.
    pub fn reproducer(&self, check: &CheckId, seed: &Seed) -> String {
        let mut words = vec!["sealcheck".to_owned(), "run".into()];
        match &self.adapter_dir {
            Some(folder) => words.extend(["--adapter-dir".into(), quoted(&folder.to_string_lossy())]),
            None => words.extend(["-a".into(), quoted(&self.adapter)]),
        }
        if let Some(folder) = &self.state {
            words.extend(["--state".into(), quoted(&folder.to_string_lossy())]);
        }
        if self.broker != BrokerKind::default() {
            words.extend(["--broker".into(), self.broker.as_str().into()]);
        }
        if self.provider != ProviderKind::default() {
            words.extend(["--provider".into(), self.provider.as_str().into()]);
        }
        for observer in &self.without_observer {
            words.extend(["--without-observer".into(), observer.as_str().into()]);
        }
        words.extend(["--seed".into(), seed.to_string()]);
        words.extend(["--select".into(), quoted(check.as_str())]);
        words.join(" ")
    }

    /// The command line, for a shell, that plays a recording which this run made.
    ///
    /// All else that decides an outcome is in the recording.
    pub fn replayer(&self, recording: &Path) -> String {
        let mut words = vec![replayer(recording)];
        if let Some(folder) = &self.adapter_dir {
            words.extend(["--adapter-dir".into(), quoted(&folder.to_string_lossy())]);
        }
        if let Some(folder) = &self.state {
            words.extend(["--state".into(), quoted(&folder.to_string_lossy())]);
        }
        words.join(" ")
    }
}

/// The command line, for a shell, that plays a recording of an adapter that this program has.
pub(super) fn replayer(recording: &Path) -> String {
    format!("sealcheck replay {}", quoted(&recording.to_string_lossy()))
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
    use std::path::Path;

    use clap::Parser as _;

    use crate::cli::{Arguments, Command, RunArguments};

    fn run(line: &[&str]) -> RunArguments {
        let arguments = Arguments::try_parse_from(line).expect("command lines in tests are right");
        let Command::Run(run) = arguments.command else { panic!("run was asked for") };
        *run
    }

    fn reproducer(line: &[&str]) -> String {
        let check = "naming/default-name#item".parse().expect("ids in tests are well formed");
        run(line).reproducer(&check, &"5eed".parse().expect("seeds in tests are well formed"))
    }

    #[test]
    fn a_recording_is_played_where_its_adapter_was_found() {
        let file = Path::new("my recordings/x.rec.json");
        assert_eq!(
            run(&["sealcheck", "run", "--broker", "dbus-daemon", "--record", "x"]).replayer(file),
            "sealcheck replay 'my recordings/x.rec.json'"
        );
        assert_eq!(
            run(&["sealcheck", "run", "--adapter-dir", "c-mine", "--state", "/s"]).replayer(file),
            "sealcheck replay 'my recordings/x.rec.json' --adapter-dir c-mine --state /s"
        );
    }

    #[test]
    fn what_decides_an_outcome_is_repeated_and_the_rest_is_not() {
        assert_eq!(
            reproducer(&["sealcheck", "run", "--select", "naming/*", "-j", "4", "--results", "x.jsonl"]),
            "sealcheck run -a reference --seed 00000000000000000000000000005eed --select 'naming/default-name#item'"
        );
        assert_eq!(
            reproducer(&[
                "sealcheck",
                "run",
                "-a",
                "python-azure-identity",
                "--broker",
                "dbus-daemon",
                "--provider",
                "gnome-keyring",
                "--without-observer",
                "bus",
            ]),
            "sealcheck run -a python-azure-identity --broker dbus-daemon --provider gnome-keyring \
             --without-observer bus --seed 00000000000000000000000000005eed --select 'naming/default-name#item'"
        );
    }

    #[test]
    fn a_folder_with_a_quote_is_one_word_for_a_shell() {
        assert_eq!(
            reproducer(&["sealcheck", "run", "--adapter-dir", "it's here"]),
            "sealcheck run --adapter-dir 'it'\\''s here' --seed 00000000000000000000000000005eed --select \
             'naming/default-name#item'"
        );
    }
}
