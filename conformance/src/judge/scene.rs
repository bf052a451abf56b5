//! Look-ups in an observation, by the labels and sessions of its case.

use super::Inconclusive;
use crate::{
    case::{CanaryRole, Case, Step, StepLabel},
    observation::{
        BusCall, Encoding, Evidence, EvidenceId, Fact, KeyringItem, Observation, ReplyFact, SessionEnd,
        SessionIndex, SightingPlace, Snapshot, SystemCall, TokenRequest, TreeEntry,
    },
    protocol::Level,
};

/// A case and what was seen of it, or of its twin.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) case: &'a Case,
    pub(super) run: &'a Observation,
}

/// What became of a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer<'a> {
    /// It was answered; a step on a store that did not open is answered by what `open` answered.
    Replied { id: EvidenceId, reply: &'a ReplyFact, elapsed_ms: u64 },
    /// Its time was over.
    DeadlinePassed { id: EvidenceId, waited_ms: u64 },
    /// There is no record of an answer.
    None,
}

/// A canary that was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) encoding: Encoding,
    pub(super) place: &'a SightingPlace,
}

impl<'a> Scene<'a> {
    pub(super) fn new(case: &'a Case, run: &'a Observation) -> Self {
        Self { case, run }
    }

    /// The session of a labelled step.
    pub(super) fn session_of(&self, label: &StepLabel) -> Option<SessionIndex> {
        self.case.script.find(label).map(|(session, ..)| SessionIndex(session))
    }

    /// The last session of the script.
    pub(super) fn last_session(&self) -> SessionIndex {
        SessionIndex(self.case.script.sessions.len().saturating_sub(1))
    }

    /// Whether a fault killed a session: it owes no answers from then on.
    pub(super) fn was_killed(&self, session: SessionIndex) -> bool {
        self.run.evidence.iter().any(|evidence| {
            evidence.session == Some(session)
                && matches!(&evidence.fact, Fact::SessionEnded { how: SessionEnd::KilledByFault, .. })
        })
    }

    /// What became of a labelled step.
    pub(super) fn answer(&self, label: &StepLabel) -> Answer<'a> {
        self.case
            .script
            .find(label)
            .map_or(Answer::None, |(session, step, _)| self.answer_at(SessionIndex(session), step))
    }

    /// What became of a step, by its place in the script.
    pub(super) fn answer_at(&self, session: SessionIndex, step: usize) -> Answer<'a> {
        match self.refused_open(session, step) {
            Some(refused) => refused,
            None => self.own_answer(session, step),
        }
    }

    /// Every sighting of a canary, in the order of evidence.
    pub(super) fn sightings(&self, role: &CanaryRole) -> impl Iterator<Item = Sighting<'a>> {
        self.run.evidence.iter().filter_map(move |evidence| {
            let Fact::CanarySeen { role: seen, encoding, place } = &evidence.fact else { return None };
            (seen == role).then_some(Sighting { evidence, encoding: *encoding, place })
        })
    }

    /// The evidence that a canary came into the world.
    pub(super) fn issued(&self, role: &CanaryRole) -> Option<EvidenceId> {
        let issued = self.run.evidence.iter().find(
            |evidence| matches!(&evidence.fact, Fact::CanaryIssued { role: issued, .. } if issued == role),
        );
        issued.map(|evidence| evidence.id)
    }

    /// A snapshot of the file tree; the last one if there are several.
    pub(super) fn tree(&self, wanted: Snapshot) -> Option<(EvidenceId, &'a [TreeEntry])> {
        self.run.evidence.iter().rev().find_map(|evidence| {
            let Fact::Tree { snapshot, entries } = &evidence.fact else { return None };
            (*snapshot == wanted).then_some((evidence.id, entries.as_slice()))
        })
    }

    /// The permission bits of an entry.
    ///
    /// # Errors
    ///
    /// [`Inconclusive::Beyond`] on a platform whose files have none.
    pub(super) fn mode(&self, entry: &TreeEntry) -> Result<u32, Inconclusive> {
        let platform = self.run.world.platform;
        let beyond = || Inconclusive::Beyond { platform, what: "file modes".into() };
        entry.mode.map(|mode| mode & 0o7777).ok_or_else(beyond)
    }

    /// The mask that takes bits from the mode that a call asks for; only calls on a system with modes are recorded.
    pub(super) fn umask(&self) -> u32 {
        self.run.world.umask.unwrap_or_default()
    }

    /// A snapshot of the keyring; the last one if there are several.
    pub(super) fn keyring(&self, wanted: Snapshot) -> Option<(EvidenceId, &'a [KeyringItem])> {
        self.run.evidence.iter().rev().find_map(|evidence| {
            let Fact::Keyring { snapshot, items } = &evidence.fact else { return None };
            (*snapshot == wanted).then_some((evidence.id, items.as_slice()))
        })
    }

    /// The system calls of the sessions.
    pub(super) fn system_calls(&self) -> impl Iterator<Item = (&'a Evidence, &'a SystemCall)> {
        self.of_sessions().filter_map(|evidence| {
            let Fact::SystemCall(call) = &evidence.fact else { return None };
            Some((evidence, call))
        })
    }

    /// The bus calls of the sessions.
    pub(super) fn bus_calls(&self) -> impl Iterator<Item = (&'a Evidence, &'a BusCall)> {
        self.of_sessions().filter_map(|evidence| {
            let Fact::BusCall(call) = &evidence.fact else { return None };
            Some((evidence, call))
        })
    }

    /// The requests for tokens of a session.
    pub(super) fn token_requests(
        &self,
        session: SessionIndex,
    ) -> impl Iterator<Item = (&'a Evidence, &'a TokenRequest)> {
        let of_session = self.run.evidence.iter().filter(move |evidence| evidence.session == Some(session));
        of_session.filter_map(|evidence| {
            let Fact::TokenRequest(request) = &evidence.fact else { return None };
            Some((evidence, request))
        })
    }

    /// Whether the implementation asks an authority for its tokens.
    pub(super) fn is_credential_level(&self) -> bool {
        self.run.statement.as_ref().is_some_and(|statement| statement.level == Level::Credential)
    }

    fn of_sessions(&self) -> impl Iterator<Item = &'a Evidence> {
        self.run.evidence.iter().filter(|evidence| evidence.session.is_some())
    }

    /// The answer of the latest `open` of the step's store, if that was anything but ok.
    fn refused_open(&self, session: SessionIndex, step: usize) -> Option<Answer<'a>> {
        let steps = &self.case.script.sessions.get(session.0)?.steps;
        let store = steps.get(step)?.store()?;
        let open = steps[..step]
            .iter()
            .rposition(|earlier| matches!(earlier, Step::Open { .. }) && earlier.store() == Some(store))?;
        match self.own_answer(session, open) {
            refused @ Answer::Replied { reply: ReplyFact::Error(_) | ReplyFact::Unsupported(_), .. } => {
                Some(refused)
            }
            Answer::Replied { reply: ReplyFact::Ok { .. }, .. }
            | Answer::DeadlinePassed { .. }
            | Answer::None => None,
        }
    }

    fn own_answer(&self, session: SessionIndex, wanted: usize) -> Answer<'a> {
        let mut of_session = self.run.evidence.iter().filter(|evidence| evidence.session == Some(session));
        let answer = of_session.find_map(|evidence| {
            if let Fact::Replied { step, reply, elapsed_ms, .. } = &evidence.fact
                && *step == Some(wanted)
            {
                return Some(Answer::Replied { id: evidence.id, reply, elapsed_ms: *elapsed_ms });
            }
            if let Fact::DeadlinePassed { step, waited_ms, .. } = &evidence.fact
                && *step == Some(wanted)
            {
                return Some(Answer::DeadlinePassed { id: evidence.id, waited_ms: *waited_ms });
            }
            None
        });
        answer.unwrap_or(Answer::None)
    }
}

impl Answer<'_> {
    /// Its evidence.
    pub(super) fn evidence(&self) -> Option<EvidenceId> {
        match self {
            Self::Replied { id, .. } | Self::DeadlinePassed { id, .. } => Some(*id),
            Self::None => None,
        }
    }
}

impl Sighting<'_> {
    /// The sighting in words.
    pub(super) fn describe(&self) -> String {
        format!("{}, {}", place(self.place), self.encoding)
    }
}

/// The snapshot and the path of a sighting in a file's content, name or attribute.
pub(super) fn in_file(place: &SightingPlace) -> Option<(Snapshot, &str)> {
    if let SightingPlace::File { snapshot, path, .. }
    | SightingPlace::FileName { snapshot, path }
    | SightingPlace::ExtendedAttribute { snapshot, path, .. } = place
    {
        Some((*snapshot, path))
    } else {
        None
    }
}

/// A place in words.
pub(super) fn place(place: &SightingPlace) -> String {
    match place {
        SightingPlace::File { path, offset, .. } => format!("in the file {path} at byte {offset}"),
        SightingPlace::FileName { path, .. } => format!("in the name or target of {path}"),
        SightingPlace::ExtendedAttribute { path, attribute, .. } => {
            format!("in the attribute {attribute} of {path}")
        }
        SightingPlace::Write { path, mode, .. } => format!("written to {path} (mode {mode:04o})"),
        SightingPlace::StandardOutput { .. } => "on standard output".into(),
        SightingPlace::StandardError { .. } => "on standard error".into(),
        SightingPlace::Reply { member, .. } => format!("in `{member}` of a reply"),
        SightingPlace::Argument { program, index, .. } => format!("in argument {index} of {program}"),
        SightingPlace::Environment { program, name, .. } => format!("in the variable {name} of {program}"),
        SightingPlace::BusMessage { member } => format!("in a message {member} on the bus"),
        SightingPlace::KeyringSecret { item, .. } => format!("in the secret of {item}"),
        SightingPlace::KeyringAttribute { item, attribute, .. } => format!("in `{attribute}` of {item}"),
        SightingPlace::Request { path, field } => format!("in `{field}` of a request to {path}"),
        SightingPlace::RelocatedFile { path, .. } => format!("in the relocated file {path}"),
    }
}
