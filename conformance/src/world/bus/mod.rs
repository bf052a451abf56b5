//! The broker and the wire interposer in front of it (D5).
