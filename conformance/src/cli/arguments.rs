//! What can be said on the command line.

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum, builder::PossibleValuesParser, builder::TypedValueParser as _,
};

use crate::{observation::Observer, record::SchemaName, world::bus::BrokerKind};

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
    /// List the checks
    #[command(after_help = LIST_EXAMPLES)]
    List(ListArguments),
    /// Explain a case or a check: what it asks, why, and what would witness the answer
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArguments),
    /// Say what this machine can do: worlds, observers, adapters
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArguments),
    /// Install what an adapter needs, pinned, in a folder of its own
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(SetupArguments),
    /// Prove the suite: every wrong implementation must die by a check that it names
    #[command(after_help = MUTANTS_EXAMPLES)]
    Mutants(MutantsArguments),
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
        /// The mutant to be instead
        #[arg(long)]
        mutant: Option<String>,
    },
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
    #[arg(long, value_enum, default_value_t = Broker::Busd)]
    pub broker: Broker,

    /// Who plays the keyring
    #[arg(long, value_enum, default_value_t = ProviderChoice::Scripted)]
    pub provider: ProviderChoice,

    /// How many worlds at a time; as many as there are processors by default
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Disable an observer: what it witnesses becomes inconclusive
    #[arg(long, value_name = "NAME", value_parser = observer_parser())]
    pub without_observer: Vec<Observer>,

    /// Write the results here, line by line
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
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

/// The broker of the worlds (D5).
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Broker {
    /// Built in
    Busd,
    /// The system's dbus-daemon
    DbusDaemon,
}

impl From<Broker> for BrokerKind {
    fn from(broker: Broker) -> Self {
        match broker {
            Broker::Busd => Self::Busd,
            Broker::DbusDaemon => Self::DbusDaemon,
        }
    }
}

impl Broker {
    /// The word in options and results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busd => "busd",
            Self::DbusDaemon => "dbus-daemon",
        }
    }
}

/// Who plays the keyring.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ProviderChoice {
    /// Built in
    Scripted,
}

impl ProviderChoice {
    /// The word in options and results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scripted => "scripted",
        }
    }
}

fn observer_parser() -> impl clap::builder::TypedValueParser<Value = Observer> {
    PossibleValuesParser::new(Observer::ALL.map(Observer::as_str)).map(|word| {
        let mut observers = Observer::ALL.into_iter();
        observers.find(|observer| observer.as_str() == word).expect("the parser lets only observers through")
    })
}

fn schema_parser() -> impl clap::builder::TypedValueParser<Value = SchemaName> {
    PossibleValuesParser::new(SchemaName::ALL.map(SchemaName::as_str))
        .map(|word| word.parse().expect("the parser lets only schemas through"))
}

const EXIT_CODES: &str = "\
Exit codes, the first that applies:
  64  the command line is wrong
  65  a file that was given is wrong
  69  this machine cannot make a world
  70  the harness failed
   1  a failure that the baseline does not list, an unexpected pass, or a baseline entry that matches nothing
   3  the adapter failed
   2  nothing worse than inconclusive
   4  nothing ran
   5  nothing failed but what the baseline expects
   0  everything that ran passed";

const RUN_EXAMPLES: &str = "\
Examples:
  sealcheck run
  sealcheck run -a python-azure-identity --results run.jsonl
  sealcheck run --select 'fail-closed/*' --skip 'fail-closed/locked*'
  sealcheck run --requirements 2026.1 --no-baseline
  sealcheck run --adapter-dir my-adapter --baseline known.toml --broker dbus-daemon";

const LIST_EXAMPLES: &str = "\
Examples:
  sealcheck list
  sealcheck list --select 'naming/*'
  sealcheck list --requirements 2026.1 --format json";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  sealcheck explain fail-closed/no-bus
  sealcheck explain 'fail-closed/no-bus#refuses' --results run.jsonl";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  sealcheck doctor
  sealcheck doctor --format json

Exits with 69 if this machine cannot make a world.";

const SETUP_EXAMPLES: &str = "\
Examples:
  sealcheck setup python-azure-identity
  sealcheck setup python-azure-identity --state /var/cache/sealcheck";

const MUTANTS_EXAMPLES: &str = "\
Examples:
  sealcheck mutants
  sealcheck mutants --matrix
  sealcheck mutants --select 'plaintext-*'

Exits with 1 if a mutant lives, a check kills nothing, or an honest variant fails.";

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
        assert_eq!(run.broker, Broker::Busd);
        assert_eq!(run.provider, ProviderChoice::Scripted);
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
