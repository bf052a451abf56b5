//! Wrong decisions: plaintext where it is no answer, and no answer where it is one.

use std::sync::atomic::{AtomicBool, Ordering};

use token_cache::{
    seams::{Consent, Decision, Existing, Residue, Seams, decide},
    store::{Absence, Obstacle},
};

use super::{Mutant, Part};

/// The mutants of this part.
pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "absent-needs-no-consent",
        part: Part::Decision,
        defect: "Where there is no protector, plaintext is used and nobody is asked.",
        killers: &[
            "fail-closed/dead-socket#refuses",
            "fail-closed/no-bus#refuses",
            "fail-closed/no-default-collection#refuses",
            "fail-closed/no-service#refuses",
        ],
        seams: || {
            deciding(|probe, consent, existing| match probe {
                Err(Obstacle::Absent(_)) => plaintext(existing),
                other => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "dismissal-needs-no-consent",
        part: Part::Decision,
        defect: "A dismissed prompt is a reason to use plaintext, and nobody is asked.",
        killers: &["fail-closed/prompt-dismissed#refuses"],
        seams: || {
            deciding(|probe, consent, existing| match probe {
                Err(Obstacle::Refused { .. }) => plaintext(existing),
                other => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "locked-needs-no-consent",
        part: Part::Decision,
        defect: "A locked keyring is a reason to use plaintext, and nobody is asked.",
        killers: &["fail-closed/locked#refuses"],
        seams: || {
            deciding(|probe, consent, existing| match probe {
                Err(Obstacle::Locked) => plaintext(existing),
                other => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "locked-counts-as-absent",
        part: Part::Decision,
        defect: "With consent, a locked keyring is taken for a missing one.",
        killers: &["fallback/locked-opted-in#refuses"],
        seams: || {
            deciding(|probe, consent, existing| match (probe, consent) {
                (Err(Obstacle::Locked), Consent::Given) => plaintext(existing),
                (other, consent) => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "never-falls-back",
        part: Part::Decision,
        defect: "The opt-in is accepted and changes nothing.",
        killers: &[
            "fallback/after-encryption#works",
            "fallback/opt-in-works-no-bus#works",
            "fallback/opt-in-works-no-service#works",
        ],
        seams: || deciding(|probe, _, existing| decide(probe, Consent::Withheld, existing)),
    },
    Mutant {
        name: "opt-in-turns-encryption-off",
        part: Part::Decision,
        defect: "Who allows plaintext gets plaintext.",
        killers: &[
            "encryption/opt-in-still-encrypts#in-the-protector",
            "encryption/opt-in-still-encrypts#no-plaintext",
        ],
        seams: || {
            deciding(|probe, consent, existing| match (probe, consent) {
                (Ok(()), Consent::Given) => plaintext(existing),
                (other, consent) => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "plaintext-beats-the-protector",
        part: Part::Decision,
        defect: "A cache that fell back once stays in its file when encryption returns.",
        killers: &[
            "fallback/encryption-returns#in-the-protector",
            "fallback/encryption-returns#no-plaintext",
        ],
        seams: || {
            deciding(|probe, consent, existing| match (probe, consent) {
                (Ok(()), Consent::Given) if holds_plaintext(existing) => plaintext(existing),
                (other, consent) => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "plaintext-imported-unasked",
        part: Part::Decision,
        defect: "A plaintext file is moved into the protector although nobody allowed plaintext.",
        killers: &["isolation/planted-plaintext#with-protector"],
        seams: || {
            deciding(|probe, consent, existing| match (probe, existing) {
                (Ok(()), Existing::Plaintext) => Decision::Encrypted(Residue::Import),
                (other, existing) => decide(other, consent, existing),
            })
        },
    },
    Mutant {
        name: "plaintext-is-consent",
        part: Part::Decision,
        defect: "A plaintext file that is there is taken for the consent of an earlier day.",
        killers: &["fallback/not-sticky#refuses", "isolation/planted-plaintext#without-protector"],
        seams: plaintext_is_consent,
    },
    Mutant {
        name: "plaintext-unannounced",
        part: Part::Decision,
        defect: "The fallback is taken without a word.",
        killers: &["fallback/announced#named"],
        seams: || Seams { announce: Box::new(|_| {}), ..Seams::real() },
    },
    Mutant {
        name: "residue-left-behind",
        part: Part::Decision,
        defect: "When encryption returns, what the fallback had stored stays in its file.",
        killers: &["fallback/encryption-returns#residue-gone"],
        seams: || {
            deciding(|probe, consent, existing| match probe {
                Ok(()) if holds_plaintext(existing) => Decision::Encrypted(Residue::Report),
                other => decide(other, consent, existing),
            })
        },
    },
];

/// The right parts, but for the decision.
pub(super) fn deciding(
    decide: impl Fn(Result<(), &Obstacle>, Consent, Existing) -> Decision + Send + Sync + 'static,
) -> Seams {
    Seams { decide: Box::new(decide), ..Seams::real() }
}

/// Plaintext, by a permit that only the real table makes, and only for an answer that was not given.
fn plaintext(existing: Existing) -> Decision {
    decide(Err(&Absence::NoService.into()), Consent::Given, existing)
}

fn plaintext_is_consent() -> Seams {
    // Each opening asks twice: whether to look at all, then with what was found. Only the second answer counts.
    let has_looked = AtomicBool::new(false);
    deciding(move |probe, consent, existing| match (probe, consent) {
        (Err(Obstacle::Absent(_)), Consent::Withheld) => {
            let looks_first = !has_looked.fetch_xor(true, Ordering::Relaxed);
            if looks_first || holds_plaintext(existing) { plaintext(existing) } else { Decision::Refuse }
        }
        (other, consent) => decide(other, consent, existing),
    })
}

fn holds_plaintext(existing: Existing) -> bool {
    match existing {
        Existing::Both | Existing::Plaintext => true,
        Existing::Item | Existing::Nothing | Existing::SignalOnly => false,
    }
}
