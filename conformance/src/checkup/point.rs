//! What an adapter must keep to.

/// One point of the protocol, in the order in which reports number them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Point {
    /// `hello` is answered.
    Greeting,
    /// Of several versions the known one is chosen.
    Version,
    /// A version that is unknown is not accepted.
    VersionRefused,
    /// The statement is whole.
    Statement,
    /// The error map uses the closed list of categories.
    ErrorMap,
    /// The statement does not depend on the session or its world.
    SameStatement,
    /// `seq` is echoed.
    Sequence,
    /// Input lines without the tag are passed over.
    UntaggedLines,
    /// Unknown members of requests are ignored.
    UnknownMembers,
    /// Unknown requests are unsupported.
    UnknownRequest,
    /// Handles that are not open are the adapter's error.
    UnknownHandle,
    /// One request, one reply.
    OneReply,
    /// `list` and `render` are answered.
    Texts,
    /// What was never put is not there.
    Nothing,
    /// The top of the pair: in a usable world, storing works.
    Works,
    /// The bottom of the pair: in an impossible world, storing fails.
    Fails,
    /// The category of an error is what the map says.
    ErrorsMapped,
    /// Stores that are open at the same time are apart.
    TwoStores,
    /// Text outside ASCII survives.
    NonAscii,
    /// An empty value survives.
    Empty,
    /// Bytes that are no text survive.
    Binary,
    /// A large value survives.
    Large,
    /// The library's log does not get in the way.
    Log,
    /// `bye` ends the session.
    Bye,
    /// The end of the input ends the session.
    EndOfInput,
    /// A kill hits what works.
    Killed,
    /// Nothing outlives the session.
    Leftovers,
    /// Nothing outside the world is changed or reached.
    Territory,
    /// Nobody beyond this machine is called.
    Network,
    /// Secrets stay in values.
    Secrets,
}

impl Point {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 30] = [
        Self::Greeting,
        Self::Version,
        Self::VersionRefused,
        Self::Statement,
        Self::ErrorMap,
        Self::SameStatement,
        Self::Sequence,
        Self::UntaggedLines,
        Self::UnknownMembers,
        Self::UnknownRequest,
        Self::UnknownHandle,
        Self::OneReply,
        Self::Texts,
        Self::Nothing,
        Self::Works,
        Self::Fails,
        Self::ErrorsMapped,
        Self::TwoStores,
        Self::NonAscii,
        Self::Empty,
        Self::Binary,
        Self::Large,
        Self::Log,
        Self::Bye,
        Self::EndOfInput,
        Self::Killed,
        Self::Leftovers,
        Self::Territory,
        Self::Network,
        Self::Secrets,
    ];

    /// Its number, from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// What must be so.
    pub fn sentence(self) -> &'static str {
        self.words().1
    }

    /// The section of `PROTOCOL.md` that says so.
    pub fn section(self) -> &'static str {
        self.words().2
    }

    /// What to do where it is not so.
    pub fn remedy(self) -> &'static str {
        self.words().3
    }

    /// Word, sentence, section and remedy.
    fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Greeting => (
                "greeting",
                "`hello` is answered with ok and its four members",
                REQUESTS,
                "start the program by hand with SEALCHECK_TAG=0123456789abcdef and paste the request behind that tag and a space",
            ),
            Self::Version => (
                "version",
                "of the versions 1 and an unknown one, 1 is chosen",
                VERSIONS,
                "look for 1 in the list `protocol`, not at its first entry or its length",
            ),
            Self::VersionRefused => (
                "version-refused",
                "a `hello` that offers only an unknown version is unsupported",
                VERSIONS,
                "answer `unsupported` with what \"protocol\" unless 1 is in the list",
            ),
            Self::Statement => (
                "statement",
                "the statement answers every key, and no other",
                STATEMENT,
                "write null where there is nothing, and take the keys of the example",
            ),
            Self::ErrorMap => (
                "error-map",
                "every line of the error map has a category of the list, and says something new",
                STATEMENT,
                "use one of the eleven categories, once for each native error",
            ),
            Self::SameStatement => (
                "same-statement",
                "every session declares the same",
                STATEMENT,
                "declare constants: neither what is installed nor what the world is like changes them",
            ),
            Self::Sequence => (
                "sequence",
                "`seq` comes back as it was sent, whatever JSON it is",
                PROCESS,
                "keep `seq` as the JSON that it is; do not read it as a number or a text",
            ),
            Self::UntaggedLines => (
                "untagged-lines",
                "input lines without the tag are passed over",
                PROCESS,
                "compare the beginning of each line with the tag and a space before anything else",
            ),
            Self::UnknownMembers => (
                "unknown-members",
                "members of a request that are not known change nothing",
                VERSIONS,
                "take the members that you know and leave the others; a later harness may send more",
            ),
            Self::UnknownRequest => (
                "unknown-request",
                "a request that is not known is unsupported",
                REQUESTS,
                "end the choice between requests with an answer `unsupported`, and go on",
            ),
            Self::UnknownHandle => (
                "unknown-handle",
                "a request for a store that is not open is an adapter_error",
                REQUESTS,
                "answer `adapter_error` and go on; it is neither the library's error nor an empty store",
            ),
            Self::OneReply => (
                "one-reply",
                "each request has exactly one reply, and nothing else carries the tag",
                PROCESS,
                "write one tagged line for each request; what else there is to say goes out without the tag",
            ),
            Self::Texts => (
                "texts",
                "`list` and each form of `render` are answered with ok or unsupported",
                REQUESTS,
                "give the library's own text, empty where there is none, or say that it is unsupported",
            ),
            Self::Nothing => (
                "nothing",
                "`get` of what was never put says that nothing is there",
                REQUESTS,
                "answer with `value` null, or with the library's error as `not_found`",
            ),
            Self::Works => (
                "works",
                "in a usable world, a later session gets what was put",
                REQUESTS,
                "mend this first: where nothing works, refusing proves nothing, and no check of a run can pass",
            ),
            Self::Fails => (
                "fails",
                "without a bus and without consent, `put` is answered with the library's error",
                REQUESTS,
                "do not set an option that `open` does not name, and map the library's error to its category",
            ),
            Self::ErrorsMapped => (
                "errors-mapped",
                "the category of an error is one that the error map declares for it",
                STATEMENT,
                "let the adapter read its map from the statement, so that there is only one",
            ),
            Self::TwoStores => (
                "two-stores",
                "two stores that are open at the same time are apart",
                REQUESTS,
                "keep what `open` made under the handle `store`",
            ),
            Self::NonAscii => (
                "non-ascii",
                "text outside ASCII comes back byte for byte",
                VALUES,
                "decode base64 to bytes, and give the library bytes, or text in UTF-8",
            ),
            Self::Empty => (
                "empty",
                "an empty value comes back as an empty value",
                VALUES,
                "tell an empty value from none: only the latter is null",
            ),
            Self::Binary => (
                "binary",
                "bytes that are no text come back byte for byte",
                VALUES,
                "carry bytes, not text, between base64 and the library; a zero byte ends nothing",
            ),
            Self::Large => (
                "large",
                "a value of 1 MiB, or of the declared limit, comes back",
                VALUES,
                "read whole lines of up to 4 MiB, pass values through pipes rather than arguments, or declare the library's limit in `limits`",
            ),
            Self::Log => (
                "log",
                "`log: \"max\"` changes nothing but what is printed",
                REQUESTS,
                "send the library's log to standard error, or end its last line before each reply",
            ),
            Self::Bye => (
                "bye",
                "after `bye` the session exits with 0 within 5 s",
                PROCESS,
                "reply, flush, leave the loop and exit with 0",
            ),
            Self::EndOfInput => (
                "end-of-input",
                "where the input ends without `bye`, the session exits with 0",
                PROCESS,
                "leave the loop at the end of the input: the harness is gone",
            ),
            Self::Killed => (
                "killed",
                "a kill of the session's process ends all that works in it",
                PROCESS,
                "let the first process be the adapter itself: a launcher starts it with `exec`, and no helper waits between requests",
            ),
            Self::Leftovers => (
                "leftovers",
                "nothing runs on when the session has exited",
                PROCESS,
                "wait for what the adapter starts; what runs on is killed in the middle of its work",
            ),
            Self::Territory => (
                "territory",
                "nothing outside the world is changed, and no socket of the user's is tried",
                WORLD,
                "use HOME, TMPDIR and the XDG variables of the session; if it is the library that does not, say so in the baseline's reasons",
            ),
            Self::Network => (
                "network",
                "nobody beyond this machine is called",
                WORLD,
                "turn telemetry and update checks off; everything that a case needs is on loopback",
            ),
            Self::Secrets => (
                "secrets",
                "secrets are in values only: not in arguments, environments, outputs, names or messages",
                REQUESTS,
                "hand secrets to other programs through pipes, and leave them out of messages; if it is the library that shows them, a run will say so",
            ),
        }
    }
}

const PROCESS: &str = "The process";
const REQUESTS: &str = "Requests and replies";
const STATEMENT: &str = "The statement";
const VALUES: &str = "The process";
const VERSIONS: &str = "Versions";
const WORLD: &str = "What a session finds";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn points_are_numbered_as_they_are_listed_and_named_once() {
        let numbers: Vec<usize> = Point::ALL.into_iter().map(Point::number).collect();
        assert_eq!(numbers, (1..=Point::ALL.len()).collect::<Vec<_>>());
        assert_eq!(
            Point::ALL.into_iter().map(Point::as_str).collect::<BTreeSet<_>>().len(),
            Point::ALL.len()
        );
    }

    #[test]
    fn every_section_is_one_of_the_protocol() {
        for point in Point::ALL {
            let heading = format!("## {}\n", point.section());
            assert!(include_str!("../../PROTOCOL.md").contains(&heading), "{heading}");
        }
    }
}
