//! What can be said on the command line.
//!
//! One file: it is one declaration, of which `--help` is made, and nearly nothing but declarations.

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _},
};

use super::ReportTarget;
use crate::{
    canary::Seed,
    case::{CallClass, Condition, Shard},
    observation::Observer,
    protocol::Level,
    record::SchemaName,
    report::ReportFormat,
    world::{BrokerKind, ProviderKind},
};

/// Judges token caches in sandboxed worlds and says, with evidence, which promises they keep.
#[derive(Clone, Debug, Parser)]
#[command(name = "sealcheck", version, max_term_width = 100, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// When to colour: on a terminal without `NO_COLOR`, always, or never
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, display_order = 100)]
    pub color: Color,

    /// Tell more of what goes on, on standard error; twice for everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true, display_order = 101)]
    pub verbose: u8,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Judge an implementation: every selected case and its twin, in a fresh world each
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArguments>),
    /// Show the results of a run in another form
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArguments),
    /// Join the results of shards, or put those of several machines beside each other
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(MergeArguments),
    /// List the checks
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArguments),
    /// Explain a case or a check: what it asks, why, and what would witness the answer
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// Judge recorded cases again, without adapter and sandbox, and compare
    #[command(after_help = REJUDGE_EXAMPLES)]
    Rejudge(RejudgeArguments),
    /// Play a recorded case again with the adapter that is installed here, judge, and compare
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArguments),
    /// Say what this machine can do: worlds, observers, adapters
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArguments),
    /// Install what an adapter needs, pinned, in a folder of its own
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(SetupArguments),
    /// Find out whether an adapter keeps to the protocol, before an implementation is judged through it
    #[command(subcommand)]
    Adapter(AdapterCommand),
    /// Run a command in a world, such as your own tests or a shell; no adapter, no verdict
    #[command(after_help = WORLD_EXAMPLES)]
    World(WorldArguments),
    /// Prove the suite: every wrong implementation must die by a check that it names
    #[command(after_help = MUTANTS_EXAMPLES)]
    Mutants(MutantsArguments),
    /// Disturb a session at every call that it makes, and see what is lost
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep(SweepArguments),
    /// Show what proves each sentence and each property: checks, the mutants they kill, what they see
    #[command(after_help = TRACE_EXAMPLES)]
    Trace(TraceArguments),
    /// Print the JSON Schema of a format
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(SchemaArguments),
    /// Start a session under the witness of system calls; the harness calls this
    #[command(hide = true)]
    Supervise,
    /// Plant a leak for each observer; the harness calls this
    #[command(hide = true)]
    Beacon {
        /// A leak in itself, or a mode; the beacon reads its own arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Be the adapter of the reference implementation; the harness calls this
    #[command(hide = true)]
    AdapterReference {
        /// Whether values are handed over, or credentials fetch them
        #[arg(long, value_enum, default_value_t = ReferenceLevel::Store)]
        level: ReferenceLevel,

        /// The mutant to be instead
        #[arg(long)]
        mutant: Option<String>,
    },
}

/// At which level the reference is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ReferenceLevel {
    /// Values are handed over.
    Store,
    /// Credentials fetch them.
    Credential,
}

impl From<ReferenceLevel> for Level {
    fn from(level: ReferenceLevel) -> Self {
        match level {
            ReferenceLevel::Store => Self::Store,
            ReferenceLevel::Credential => Self::Credential,
        }
    }
}

/// What to do with adapters.
#[derive(Clone, Debug, Subcommand)]
pub enum AdapterCommand {
    /// Check each point of the protocol in sessions of one adapter, in a world of its own
    #[command(after_help = ADAPTER_CHECK_EXAMPLES)]
    Check(AdapterCheckArguments),
    /// List the adapters that are built in, and whether they can run here
    #[command(after_help = ADAPTER_LIST_EXAMPLES)]
    List(AdapterListArguments),
}

/// Arguments of `adapter check`.
#[derive(Args, Clone, Debug)]
pub struct AdapterCheckArguments {
    /// The adapter
    #[arg(short, long, value_name = "NAME", default_value = "reference")]
    pub adapter: String,

    /// A folder with an adapter.toml, instead of a built-in adapter
    #[arg(long, value_name = "DIR", conflicts_with = "adapter")]
    pub adapter_dir: Option<PathBuf>,

    /// Where adapters were set up; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// The broker of the world
    #[arg(long, value_enum, default_value_t)]
    pub broker: BrokerKind,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `adapter list`.
#[derive(Args, Clone, Debug)]
pub struct AdapterListArguments {
    /// Where adapters were set up; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// The form of the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `run`.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// The adapter of the implementation
    #[arg(short, long, value_name = "NAME", default_value = "reference")]
    pub adapter: String,

    /// A folder with an adapter.toml, instead of a built-in adapter
    #[arg(long, value_name = "DIR", conflicts_with = "adapter")]
    pub adapter_dir: Option<PathBuf>,

    /// Where adapters were set up; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// What to run
    #[command(flatten)]
    pub selection: SelectionArguments,

    /// The list of known failures; the adapter's own by default
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline")]
    pub baseline: Option<PathBuf>,

    /// Expect no failures
    #[arg(long)]
    pub no_baseline: bool,

    /// The broker of the worlds
    #[arg(long, value_enum, default_value_t)]
    pub broker: BrokerKind,

    /// Who plays the keyring
    #[arg(long, value_enum, default_value_t)]
    pub provider: ProviderKind,

    /// How many worlds at a time; as many as there are processors by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// What decides the order of the cases and every canary, up to 32 hexadecimal digits; fresh by default
    #[arg(long, value_name = "HEX")]
    pub seed: Option<Seed>,

    /// Disable an observer: what it witnesses becomes inconclusive
    #[arg(long, value_name = "NAME", value_parser = observer_parser())]
    pub without_observer: Vec<Observer>,

    /// Write the results here, line by line
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,

    /// Write a report there, as text or junit; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<ReportTarget>,

    /// Record each case that goes wrong in this folder, to be judged or played again; replaces and removes earlier recordings of the cases that are run
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,

    /// Record every case, those in which nothing goes wrong included
    #[arg(long, requires = "record")]
    pub record_all: bool,
}

/// What to run.
#[derive(Args, Clone, Debug, Default)]
pub struct SelectionArguments {
    /// Only what matches: area, area/behaviour or area/behaviour#check, `*` for any text
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub select: Vec<String>,

    /// All but what matches
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub skip: Vec<String>,

    /// A frozen requirement set, such as 2026.1; only a whole one can be conformant
    #[arg(long, value_name = "SET")]
    pub requirements: Option<String>,

    /// Only the cases that fall to one of N parts by the hash of their ids: hash:1/N to hash:N/N
    #[arg(long, value_name = "hash:I/N")]
    pub shard: Option<Shard>,
}

/// Arguments of `report`.
#[derive(Args, Clone, Debug)]
pub struct ReportArguments {
    /// The results of a run, as --results wrote them
    #[arg(value_name = "RESULTS")]
    pub results: PathBuf,

    /// The form
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), default_value = "text")]
    pub to: ReportFormat,
}

/// Arguments of `merge`.
#[derive(Args, Clone, Debug)]
pub struct MergeArguments {
    /// Results, as --results wrote them: every shard of a run, or runs of several machines
    #[arg(value_name = "RESULTS", required = true)]
    pub files: Vec<PathBuf>,

    /// Write the results of the one run here
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,

    /// Write a report there, as text or junit; may be given more than once
    #[arg(long, value_name = "FORMAT=FILE")]
    pub report: Vec<ReportTarget>,

    /// Checks that need not have run; any other that did not fails the merge
    #[arg(long, value_name = "PATTERN")]
    pub allow_not_run: Vec<String>,
}

/// Arguments of `list`.
#[derive(Args, Clone, Debug)]
pub struct ListArguments {
    /// What to list
    #[command(flatten)]
    pub selection: SelectionArguments,

    /// The form of the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `explain`.
#[derive(Args, Clone, Debug)]
pub struct ExplainArguments {
    /// A case, area/behaviour, or one of its checks, area/behaviour#check
    #[arg(value_name = "CASE|CHECK")]
    pub subject: String,

    /// Results of a run, to show the last outcome with its evidence
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,

    /// A recording: explain the case in it, with its outcomes and their evidence
    #[arg(long, value_name = "FILE", conflicts_with = "results")]
    pub recording: Option<PathBuf>,
}

/// Arguments of `rejudge`.
#[derive(Args, Clone, Debug)]
pub struct RejudgeArguments {
    /// Recordings
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Print everything that was seen of the case and of its twin, in the order in which it was seen
    #[arg(long)]
    pub evidence: bool,

    /// The form of the comparison
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `replay`.
#[derive(Args, Clone, Debug)]
pub struct ReplayArguments {
    /// A recording
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// A folder with an adapter.toml, instead of the built-in adapter of the recorded name
    #[arg(long, value_name = "DIR")]
    pub adapter_dir: Option<PathBuf>,

    /// Where adapters were set up; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// The form of the comparison
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct DoctorArguments {
    /// The form of the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `setup`.
#[derive(Args, Clone, Debug)]
pub struct SetupArguments {
    /// The adapter
    #[arg(value_name = "ADAPTER", required_unless_present = "adapter_dir")]
    pub adapter: Option<String>,

    /// A folder with an adapter.toml, instead of a built-in adapter
    #[arg(long, value_name = "DIR", conflicts_with = "adapter")]
    pub adapter_dir: Option<PathBuf>,

    /// Where to install; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,
}

/// Arguments of `world`.
#[derive(Args, Clone, Debug)]
pub struct WorldArguments {
    /// The state of the bus and the keyring, proved before the command begins
    #[arg(long, value_name = "CONDITION", default_value = "usable", value_parser = condition_parser())]
    pub condition: Condition,

    /// The broker of the world
    #[arg(long, value_enum, default_value_t)]
    pub broker: BrokerKind,

    /// Who plays the keyring
    #[arg(long, value_enum, default_value_t)]
    pub provider: ProviderKind,

    /// The file mode creation mask, octal; yours by default
    #[arg(long, value_name = "OCTAL", value_parser = mask)]
    pub umask: Option<u32>,

    /// Pass on one of your variables, or set one; of yours only PATH and the terminal's are passed on by themselves
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,

    /// Watch the command and say at the end what it did and left; writing outside the world is refused
    #[arg(long)]
    pub watch: bool,

    /// Let a watched command write below this folder, too
    #[arg(long, value_name = "DIR", requires = "watch")]
    pub writable: Vec<PathBuf>,

    /// Leave the folder of the world where it is, and say where
    #[arg(long)]
    pub keep: bool,

    /// The command, after `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// Arguments of `mutants`.
#[derive(Args, Clone, Debug)]
pub struct MutantsArguments {
    /// Run every check on every mutant and print the whole matrix
    #[arg(long)]
    pub matrix: bool,

    /// Only mutants and variants whose name matches, `*` for any text
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub select: Vec<String>,

    /// How many worlds at a time; as many as there are processors by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
}

/// Arguments of `sweep`.
#[derive(Args, Clone, Debug)]
pub struct SweepArguments {
    /// The adapter of the implementation
    #[arg(short, long, value_name = "NAME", default_value = "reference")]
    pub adapter: String,

    /// A folder with an adapter.toml, instead of a built-in adapter
    #[arg(long, value_name = "DIR", conflicts_with = "adapter")]
    pub adapter_dir: Option<PathBuf>,

    /// Where adapters were set up; `$XDG_STATE_HOME/sealcheck` by default
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Only these scripts, `*` for any text
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub script: Vec<String>,

    /// Count only system calls of this class, and leave the keyring alone; each one that changes a file by default
    #[arg(long, value_name = "CLASS", num_args = 1.., value_parser = class_parser())]
    pub class: Vec<CallClass>,

    /// Only these effects, such as kill, enospc, deny, disconnect; `*` for any text
    #[arg(long, value_name = "PATTERN", num_args = 1..)]
    pub effect: Vec<String>,

    /// The broker of the worlds
    #[arg(long, value_enum, default_value_t)]
    pub broker: BrokerKind,

    /// Who plays the keyring
    #[arg(long, value_enum, default_value_t)]
    pub provider: ProviderKind,

    /// What decides every canary, up to 32 hexadecimal digits; fresh by default
    #[arg(long, value_name = "HEX")]
    pub seed: Option<Seed>,

    /// How many worlds at a time; as many as there are processors by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// The form of the results
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Arguments of `trace`.
#[derive(Args, Clone, Debug)]
pub struct TraceArguments {
    /// Fail if a link is missing
    #[arg(long)]
    pub ci: bool,

    /// The form of the tables
    #[arg(long, value_enum, default_value_t = TraceFormat::Text)]
    pub format: TraceFormat,
}

/// The form of a trace.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum TraceFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// For documents
    Markdown,
}

/// Arguments of `schema`.
#[derive(Args, Clone, Debug)]
pub struct SchemaArguments {
    /// The format
    #[arg(value_parser = schema_parser())]
    pub name: SchemaName,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The form of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

impl ValueEnum for BrokerKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.summary()))
    }
}

impl ValueEnum for ProviderKind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.summary()))
    }
}

fn observer_parser() -> impl clap::builder::TypedValueParser<Value = Observer> {
    PossibleValuesParser::new(Observer::ALL.map(Observer::as_str)).map(|word| {
        let mut observers = Observer::ALL.into_iter();
        observers.find(|observer| observer.as_str() == word).expect("the parser lets only observers through")
    })
}

fn condition_parser() -> impl clap::builder::TypedValueParser<Value = Condition> {
    let conditions = || Condition::ALL.into_iter().chain([Condition::Usable]);
    PossibleValuesParser::new(conditions().map(Condition::as_str)).map(move |word| {
        let condition = conditions().find(|condition| condition.as_str() == word);
        condition.expect("the parser lets only conditions through")
    })
}

fn mask(text: &str) -> Result<u32, String> {
    let mask = u32::from_str_radix(text, 8).ok().filter(|mask| *mask <= 0o777);
    mask.ok_or_else(|| "a mask has one to three octal digits, such as 077".to_owned())
}

fn format_parser() -> impl clap::builder::TypedValueParser<Value = ReportFormat> {
    PossibleValuesParser::new(ReportFormat::ALL.map(ReportFormat::as_str))
        .map(|word| word.parse().expect("the parser lets only formats through"))
}

fn class_parser() -> impl clap::builder::TypedValueParser<Value = CallClass> {
    PossibleValuesParser::new(CallClass::ALL.map(CallClass::as_str)).map(|word| {
        let mut classes = CallClass::ALL.into_iter();
        classes.find(|class| class.as_str() == word).expect("the parser lets only classes through")
    })
}

fn schema_parser() -> impl clap::builder::TypedValueParser<Value = SchemaName> {
    PossibleValuesParser::new(SchemaName::ALL.map(SchemaName::as_str))
        .map(|word| word.parse().expect("the parser lets only schemas through"))
}

const EXIT_CODES: &str = "\
Exit codes, the first that applies:
 129, 130, 143  SIGHUP, SIGINT or SIGTERM came before the end: nothing was judged completely, and
      what was made is removed; a second one ends it at once
  64  the command line is wrong
  65  a file that was given is wrong
  69  this machine cannot make a world
  70  the harness failed
   1  a failure that the baseline does not list, an unexpected pass, a baseline entry that
      matches nothing, or a check that a merge misses
   3  the adapter failed
   2  nothing worse than inconclusive
   4  nothing ran; a shard to which nothing falls ends with 0
   5  nothing failed but what the baseline expects
   0  everything that ran passed";

const RUN_EXAMPLES: &str = "\
Examples:
  sealcheck run
  sealcheck run -a python-azure-identity --results run.jsonl
  sealcheck run --select 'fail-closed/*' --skip 'fail-closed/locked*'
  sealcheck run --requirements 2026.2 --no-baseline
  sealcheck run -a python-azure-identity --record recordings
  sealcheck run --provider gnome-keyring
  sealcheck run --seed 5eed --jobs 1
  sealcheck run --shard hash:1/4 --results shard-1.jsonl --report junit=report.xml
  sealcheck run --adapter-dir my-adapter --baseline known.toml --broker dbus-daemon";

const REPORT_EXAMPLES: &str = "\
Examples:
  sealcheck report run.jsonl
  sealcheck report run.jsonl --to junit > report.xml

Exits with 0 whatever the results are; their exit code stands in them.";

const MERGE_EXAMPLES: &str = "\
Examples:
  sealcheck merge shard-*.jsonl --results run.jsonl --report junit=report.xml
  sealcheck merge linux.jsonl windows.jsonl --allow-not-run 'availability/*'

Exits as a run does, by all results together; with 1 if a check was not run and that is not
allowed; and with 65 if a shard is missing, a file was cut off, the files are of different
catalogues, or a check came out in two ways.";

const LIST_EXAMPLES: &str = "\
Examples:
  sealcheck list
  sealcheck list --select 'naming/*'
  sealcheck list --requirements 2026.2 --format json";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sealcheck explain fail-closed/no-bus
  sealcheck explain 'fail-closed/no-bus#refuses' --results run.jsonl
  sealcheck explain fail-closed/no-bus --recording reference--fail-closed--no-bus.rec.json";

const REJUDGE_EXAMPLES: &str = "\
Examples:
  sealcheck rejudge recordings/*.rec.json
  sealcheck rejudge recordings/reference--fail-closed--no-bus.rec.json --evidence
  sealcheck rejudge recordings/*.rec.json --format json

Exit codes, the first that applies:
  64  the command line is wrong
  65  a file is not a recording that this sealcheck can judge; then none is judged
   1  a verdict differs from the recorded one
   0  every verdict is the recorded one";

const REPLAY_EXAMPLES: &str = "\
Examples:
  sealcheck replay recordings/python-azure-identity--file-hygiene--symlink.rec.json
  sealcheck replay recordings/c-mine--fail-closed--no-bus.rec.json --adapter-dir c-mine

Case, world, provider, broker and seed are the recorded ones, and so are the canaries. A check is
reproduced if it comes out as recorded, by the same kind of evidence; different if another
kind of evidence witnesses it, or something else goes wrong; not reproduced if what went
wrong goes well now, or the other way round.

Exit codes, the first that applies:
  64  the command line is wrong, or the adapter is not set up
  65  the file is not a recording that this sealcheck can judge
  69  this machine cannot make the world
  70  the harness failed
   1  a check is different or not reproduced
   0  every check is reproduced";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  sealcheck doctor
  sealcheck doctor --format json

Exits with 69 if this machine cannot make a world.";

const SETUP_EXAMPLES: &str = "\
Examples:
  sealcheck setup python-azure-identity
  sealcheck setup python-azure-identity --state /var/cache/sealcheck";

const ADAPTER_CHECK_EXAMPLES: &str = "\
Examples:
  sealcheck adapter check
  sealcheck adapter check -a python-azure-identity
  sealcheck adapter check --adapter-dir my-adapter --format json

Exits with 3 if a point is wrong, with 4 if nothing could be checked.";

const ADAPTER_LIST_EXAMPLES: &str = "\
Examples:
  sealcheck adapter list
  sealcheck adapter list --format json";

const WORLD_EXAMPLES: &str = "\
Examples:
  sealcheck world -- secret-tool store --label=test name value
  sealcheck world --condition locked -- sh
  sealcheck world --condition no_bus --env CARGO_HOME --env RUSTUP_HOME -- cargo test
  sealcheck world --watch --writable target -- ./target/debug/my-program login

Exits as the command does: with its own status, with 128 and the number of a signal, with 127
or 126 where there is no such program. What sealcheck itself exits with comes with a line that
begins with \"error:\": 64, 69 and 70 as above.";

const MUTANTS_EXAMPLES: &str = "\
Examples:
  sealcheck mutants
  sealcheck mutants --matrix
  sealcheck mutants --select 'plaintext-*'

Exits with 1 if a mutant lives, a check kills nothing, or an honest variant fails.";

const SWEEP_EXAMPLES: &str = "\
Examples:
  sealcheck sweep
  sealcheck sweep --script 'fallback-*' --effect kill enospc
  sealcheck sweep --script import --class rename unlink
  sealcheck sweep -a python-azure-identity --script fallback-save --effect kill

Each point is a world of its own: a session meets one fault at its n-th call, and a later
session says what is left. Exits with 1 if anything was lost, torn, leaked, falsely
acknowledged, unanswered or untyped, or if a process crashed; and with 2 if a script does not
work without a fault either, or an observer lost something, so that its points say nothing.";

const TRACE_EXAMPLES: &str = "\
Examples:
  sealcheck trace
  sealcheck trace --format markdown > trace.md
  sealcheck trace --ci

With --ci, exits with 1 if a sentence or a property of tier T1 has neither a check nor an
exclusion, or both; if a check has no mutant, no evidence or a double; or if there are fewer
checks, mutants or honest variants than there must be.";

const SCHEMA_EXAMPLES: &str = "\
Examples:
  sealcheck schema results
  sealcheck schema protocol > protocol.schema.json";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn run_without_arguments_judges_the_reference_with_what_is_built_in() {
        let arguments = Arguments::try_parse_from(["sealcheck", "run"]).expect("nothing is required");
        let Command::Run(run) = arguments.command else { panic!("run was asked for") };
        assert_eq!(run.adapter, "reference");
        assert_eq!(run.broker, BrokerKind::default());
        assert_eq!(run.provider, ProviderKind::default());
        assert!(run.selection.select.is_empty() && run.without_observer.is_empty() && run.jobs.is_none());
    }

    #[test]
    fn selections_may_be_given_at_once_or_one_by_one() {
        let line =
            ["sealcheck", "run", "--select", "naming/*", "input/*", "--select", "leakage/*", "-j", "2"];
        let arguments = Arguments::try_parse_from(line).expect("the line is right");
        let Command::Run(run) = arguments.command else { panic!("run was asked for") };
        assert_eq!(run.selection.select, ["naming/*", "input/*", "leakage/*"]);
        assert_eq!(run.jobs, Some(2));
    }

    #[test]
    fn contradictions_and_unknown_words_are_refused() {
        for line in [
            &["sealcheck", "run", "--baseline", "x", "--no-baseline"][..],
            &["sealcheck", "run", "-a", "x", "--adapter-dir", "y"],
            &["sealcheck", "run", "--without-observer", "ghosts"],
            &["sealcheck", "run", "-j", "0"],
            &["sealcheck", "run", "--seed", "xyz"],
            &["sealcheck", "run", "--shard", "hash:5/4"],
            &["sealcheck", "schema", "xml"],
            &["sealcheck", "fly"],
        ] {
            assert!(Arguments::try_parse_from(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn observers_are_named_as_in_reports() {
        for observer in Observer::ALL {
            let line = ["sealcheck", "run", "--without-observer", observer.as_str()];
            let arguments = Arguments::try_parse_from(line).expect("every observer can be disabled");
            let Command::Run(run) = arguments.command else { panic!("run was asked for") };
            assert_eq!(run.without_observer, [observer]);
        }
    }
}
