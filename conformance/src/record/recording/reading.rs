//! From bytes to a recording, and why not.

use std::io::{self, Read};

use serde::Deserialize;

use super::{Contradiction, Recording, RecordingFile, RecordingVersion};
use crate::{
    case::{CaseError, from_definition},
    observation::ObservationVersion,
};

/// The largest recording that is read: more than any case fills, and little enough to hold.
pub const MAX_RECORDING_BYTES: u64 = 64 << 20;

impl Recording {
    /// Reads a whole recording; `file` names it in errors.
    ///
    /// # Errors
    ///
    /// Each reason for which a file is not a recording that can be judged is its own [`RecordingError`].
    pub fn read(input: impl Read, file: &str) -> Result<Self, RecordingError> {
        let mut bytes = Vec::new();
        let read = input.take(MAX_RECORDING_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|source| RecordingError::Io { file: file.into(), source })?;
        if bytes.len() as u64 > MAX_RECORDING_BYTES {
            return Err(RecordingError::TooLarge { file: file.into() });
        }
        refuse_other_versions(&bytes, file)?;
        let content: RecordingFile =
            serde_json::from_slice(&bytes).map_err(|error| malformed(&error, file, bytes.len()))?;
        let id = content.case.id.clone();
        let case = from_definition(id, content.case.definition.clone(), "its case")
            .map_err(|source| RecordingError::Case { file: file.into(), source: source.into() })?;
        Self::checked(case, content)
            .map_err(|source| RecordingError::Contradiction { file: file.into(), source })
    }
}

/// Looks at the versions alone, because what is newer may not fit the current shape.
fn refuse_other_versions(bytes: &[u8], file: &str) -> Result<(), RecordingError> {
    #[derive(Deserialize)]
    struct Versioned {
        recording: RecordingVersion,
        #[serde(default)]
        harness: Option<String>,
        #[serde(default)]
        observations: Option<Observations>,
    }

    #[derive(Deserialize)]
    struct Observations {
        case: VersionedObservation,
        #[serde(default)]
        twin: Option<VersionedObservation>,
    }

    #[derive(Deserialize)]
    struct VersionedObservation {
        format: ObservationVersion,
    }

    let Versioned { recording, harness, observations } = serde_json::from_slice(bytes).map_err(|error| {
        if error.is_eof() && !bytes.is_empty() {
            malformed(&error, file, bytes.len())
        } else {
            RecordingError::NotRecording { file: file.into(), cause: error.to_string() }
        }
    })?;
    let by = harness.unwrap_or_else(|| "an unknown version".into());
    if recording != RecordingVersion::CURRENT {
        return Err(RecordingError::Version { file: file.into(), found: recording.0, by });
    }
    let formats = observations.into_iter().flat_map(|seen| [Some(seen.case), seen.twin]).flatten();
    match formats.map(|seen| seen.format).find(|format| *format != ObservationVersion::CURRENT) {
        Some(found) => Err(RecordingError::Observations { file: file.into(), found: found.0, by }),
        None => Ok(()),
    }
}

fn malformed(error: &serde_json::Error, file: &str, bytes: usize) -> RecordingError {
    if error.is_eof() {
        RecordingError::CutOff { file: file.into(), bytes }
    } else {
        RecordingError::Shape { file: file.into(), cause: error.to_string() }
    }
}

/// Why a file was refused as a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It cannot be read.
    #[error("{file} cannot be read; check that it exists and is yours to read")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is larger than any recording.
    #[error("{file} is larger than {} MiB, which no recording is; check that it is one", MAX_RECORDING_BYTES >> 20)]
    TooLarge {
        /// The file.
        file: String,
    },
    /// It is something else.
    #[error("{file} is not a recording: {cause}; `sealcheck run --record DIR` makes recordings")]
    NotRecording {
        /// The file.
        file: String,
        /// What the parser says.
        cause: String,
    },
    /// Another version wrote it.
    #[error(
        "{file} has format {found}, by sealcheck {by}, and this sealcheck reads format {}; judge it with the sealcheck \
         that wrote it, or record again with this one",
        RecordingVersion::CURRENT.0
    )]
    Version {
        /// The file.
        file: String,
        /// The version that it has.
        found: u32,
        /// The harness that wrote it.
        by: String,
    },
    /// Its observations are of another version.
    #[error(
        "{file} holds observations of version {found}, by sealcheck {by}, and this sealcheck judges version {}; judge it \
         with the sealcheck that wrote it, or record again with this one",
        ObservationVersion::CURRENT.0
    )]
    Observations {
        /// The file.
        file: String,
        /// The version that they have.
        found: u32,
        /// The harness that wrote it.
        by: String,
    },
    /// It ends in the middle.
    #[error("{file} was cut off after {bytes} bytes; copy it again, or record again")]
    CutOff {
        /// The file.
        file: String,
        /// How long it is.
        bytes: usize,
    },
    /// A part of it is not what it should be.
    #[error("{file} is malformed: {cause}; recordings are not edited by hand, record again")]
    Shape {
        /// The file.
        file: String,
        /// What the parser says, with the place.
        cause: String,
    },
    /// Its case is none.
    #[error(
        "{file} holds no case that this sealcheck can judge; judge it with the sealcheck that wrote it, or record again"
    )]
    Case {
        /// The file.
        file: String,
        /// Why.
        source: Box<CaseError>,
    },
    /// It contradicts itself.
    #[error("{file} contradicts itself; recordings are not edited by hand, record again")]
    Contradiction {
        /// The file.
        file: String,
        /// What contradicts what.
        source: Contradiction,
    },
}
