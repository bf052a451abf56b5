//! The document as bytes.

use std::mem;

use super::document::{Content, Document};
use super::writer::{ObjectWriter, rendered};
use crate::SecretBytes;

impl Document<'_> {
    /// The bytes to store: those that were read, if nothing has been changed.
    ///
    /// Else the sections are laid out as MSAL for Python lays them out, and records that were not changed stay as they
    /// are written.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::SecretBytes;
    /// use token_cache::msal::{AppMetadata, Document};
    ///
    /// let stored = SecretBytes::from(br#"{ "Later" : 1e3 }"#.to_vec());
    /// let mut document = Document::parse(&stored)?;
    /// assert_eq!(document.to_bytes(), stored);
    ///
    /// document.upsert(&AppMetadata::new("login.example", "a-client"))?;
    /// let written = br#"{
    ///     "Later": 1e3,
    ///     "AppMetadata": {
    ///         "appmetadata-login.example-a-client": {
    ///             "client_id": "a-client",
    ///             "environment": "login.example"
    ///         }
    ///     }
    /// }"#;
    /// assert_eq!(document.to_bytes().expose(), written);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_bytes(&self) -> SecretBytes {
        if let Some(bytes) = self.unchanged {
            return SecretBytes::from(bytes.to_vec());
        }
        let mut text = rendered(|out| {
            let mut object = ObjectWriter::begin(out, 0)?;
            for member in &self.members {
                let name = member.name.as_str();
                match &member.content {
                    Content::Misshapen(_, value) | Content::Unknown(value) => {
                        object.verbatim(name, value.as_str())?;
                    }
                    Content::Records(_, entries) => {
                        let mut section = ObjectWriter::begin(object.value_of(name)?, 1)?;
                        for entry in entries {
                            section.verbatim(entry.key.as_str(), entry.value.as_str())?;
                        }
                        section.end()?;
                    }
                }
            }
            object.end()
        });
        // The buffer moves; nothing of it is copied.
        SecretBytes::from(mem::take(&mut *text).into_bytes())
    }
}
