//! The files of `spec/` and `requirements/`, as the build took them in.

/// The text of a file of `spec/`.
pub(super) fn file(name: &str) -> &'static str {
    let file = SPEC.iter().find(|(path, _)| *path == name);
    file.map(|(_, text)| *text).expect("every file that the code names is embedded")
}

include!(concat!(env!("OUT_DIR"), "/spec.rs"));
