//! A sentence and the evidence for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Searched;
use crate::observation::EvidenceId;

/// What was witnessed, and the evidence that says so: at least one piece.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(try_from = "Recorded")]
pub struct Witness {
    sentence: String,
    evidence: Vec<EvidenceId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    searched: Option<Box<Searched>>,
}

impl Witness {
    /// A witness by one piece of evidence.
    pub fn new(sentence: impl Into<String>, evidence: EvidenceId) -> Self {
        Self { sentence: sentence.into(), evidence: vec![evidence], searched: None }
    }

    /// A witness by absence: a search that could have found it did not.
    pub fn by_search(sentence: impl Into<String>, searched: Searched) -> Self {
        let evidence = searched.evidence();
        Self { sentence: sentence.into(), evidence, searched: Some(Box::new(searched)) }
    }

    /// The witness with further evidence.
    pub fn and(mut self, evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        for id in evidence {
            if !self.evidence.contains(&id) {
                self.evidence.push(id);
            }
        }
        self
    }

    /// What was witnessed.
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The evidence, the most telling first; ids are those of the case's observation.
    pub fn evidence(&self) -> &[EvidenceId] {
        &self.evidence
    }

    /// The search, where absence is what was witnessed.
    pub fn searched(&self) -> Option<&Searched> {
        self.searched.as_deref()
    }
}

/// A witness as a record holds it, before its evidence was counted.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Recorded {
    sentence: String,
    evidence: Vec<EvidenceId>,
    #[serde(default)]
    searched: Option<Box<Searched>>,
}

impl TryFrom<Recorded> for Witness {
    type Error = NoEvidence;

    fn try_from(recorded: Recorded) -> Result<Self, Self::Error> {
        let Recorded { sentence, evidence, searched } = recorded;
        if evidence.is_empty() { Err(NoEvidence) } else { Ok(Self { sentence, evidence, searched }) }
    }
}

/// A recorded witness without evidence.
#[derive(Debug, thiserror::Error)]
#[error("a witness has no evidence")]
struct NoEvidence;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_witness_without_evidence_is_refused() {
        let error = serde_json::from_str::<Witness>(r#"{"sentence":"x","evidence":[]}"#);
        assert_eq!(error.expect_err("it has none").to_string(), "a witness has no evidence");
    }

    #[test]
    fn a_witness_survives_its_record() {
        let witness = Witness::new("seen", EvidenceId(3)).and([EvidenceId(5), EvidenceId(3)]);
        let text = serde_json::to_string(&witness).expect("it is plain data");
        assert_eq!(serde_json::from_str::<Witness>(&text).expect("it was written by us"), witness);
        assert_eq!(witness.evidence(), [EvidenceId(3), EvidenceId(5)]);
    }
}
