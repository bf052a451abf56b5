//! The scripted provider: `org.freedesktop.secrets`, playing whatever a case asks for.
