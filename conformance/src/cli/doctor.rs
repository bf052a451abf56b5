//! `doctor`: what this machine can do.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{Ability, DoctorArguments, Exit, Failure, Format, Parts, output::Output};
use crate::{report::printable, world::program};

/// Prints every ability; the exit says whether a world can be made.
pub(super) fn doctor<W: Write>(
    arguments: &DoctorArguments,
    parts: &impl Parts,
    output: &mut Output<W>,
) -> Result<Exit, Failure> {
    let mut abilities = parts.abilities();
    abilities.extend(tools());
    let text = match arguments.format {
        Format::Text => text(&abilities),
        Format::Json => json(&abilities),
    };
    output.write(&text)?;
    Ok(if lacking(&abilities) == 0 { Exit::Success } else { Exit::SandboxUnavailable })
}

/// Programs that widen what can be run; none is needed.
fn tools() -> Vec<Ability> {
    let tool = |(name, purpose): (&str, &str)| Ability {
        group: "optional programs",
        name: name.into(),
        state: match program::find(name) {
            Some(path) => Ok(format!("{} ({purpose})", path.display())),
            None => Err(format!("not in PATH; it is needed for {purpose} only")),
        },
        is_needed: false,
    };
    TOOLS.into_iter().map(tool).collect()
}

fn lacking(abilities: &[Ability]) -> usize {
    abilities.iter().filter(|ability| ability.is_needed && ability.state.is_err()).count()
}

fn text(abilities: &[Ability]) -> String {
    let width = abilities.iter().map(|ability| ability.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    let mut group = "";
    for ability in abilities {
        if ability.group != group {
            let gap = if group.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{HEADING}{}{HEADING:#}\n", ability.group));
            group = ability.group;
        }
        let (style, mark, said) = match &ability.state {
            Ok(said) => (GOOD, '✓', said),
            Err(said) if ability.is_needed => (BAD, '✗', said),
            Err(said) => (MISSING, '-', said),
        };
        text.push_str(&format!("  {style}{mark}{style:#} {:<width$}  {}\n", ability.name, printable(said)));
    }
    let verdict = match lacking(abilities) {
        0 => "sealcheck: this machine can make worlds".into(),
        1 => "sealcheck: this machine cannot make worlds, one needed ability is missing".into(),
        count => format!("sealcheck: this machine cannot make worlds, {count} needed abilities are missing"),
    };
    text.push_str(&format!("\n{verdict}\n"));
    text
}

fn json(abilities: &[Ability]) -> String {
    let listed: Vec<_> = abilities.iter().map(listed).collect();
    let mut text = serde_json::to_string_pretty(&listed).expect("a list of abilities is plain data");
    text.push('\n');
    text
}

fn listed(ability: &Ability) -> ListedAbility<'_> {
    let (is_available, detail) = match &ability.state {
        Ok(detail) => (true, detail),
        Err(detail) => (false, detail),
    };
    ListedAbility {
        group: ability.group,
        name: &ability.name,
        is_available,
        detail,
        is_needed: ability.is_needed,
    }
}

/// An ability as programs read it.
#[derive(Serialize)]
struct ListedAbility<'a> {
    group: &'a str,
    name: &'a str,
    #[serde(rename = "available")]
    is_available: bool,
    detail: &'a str,
    #[serde(rename = "needed")]
    is_needed: bool,
}

const TOOLS: [(&str, &str); 5] = [
    ("dbus-daemon", "runs with --broker dbus-daemon"),
    ("jq", "the adapter sh-secret-tool"),
    ("python3", "the adapter python-azure-identity"),
    ("secret-tool", "the adapter sh-secret-tool, and the tests of the scripted keyring against libsecret"),
    ("strace", "the cross-check of the system call witness"),
];

const HEADING: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const MISSING: Style = AnsiColor::Yellow.on_default();

#[cfg(test)]
mod tests {
    use super::*;

    fn ability(name: &str, state: Result<&str, &str>, is_needed: bool) -> Ability {
        Ability {
            group: "world",
            name: name.into(),
            state: state.map(Into::into).map_err(Into::into),
            is_needed,
        }
    }

    #[test]
    fn what_is_missing_counts_only_where_no_world_can_be_made_without_it() {
        let optional = ability("strace", Err("not in PATH"), false);
        let needed = ability("seccomp", Err("the kernel has no user notification"), true);
        let present = ability("busd", Ok("built in"), true);
        assert_eq!(lacking(&[optional.clone(), present.clone()]), 0);
        assert_eq!(lacking(&[optional, present, needed]), 1);
    }

    #[test]
    fn abilities_stand_below_their_group_and_the_verdict_last() {
        let needed = ability("seccomp", Err("the kernel has no user notification"), true);
        let present = ability("busd", Ok("built in"), true);
        let plain = anstream::adapter::strip_str(&text(&[present, needed])).to_string();
        assert_eq!(
            plain,
            "world\n  ✓ busd     built in\n  ✗ seccomp  the kernel has no user notification\n\nsealcheck: this machine \
             cannot make worlds, one needed ability is missing\n"
        );
    }
}
