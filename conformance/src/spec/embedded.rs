//! The files of `spec/` and `requirements/`, as the build took them in.

include!(concat!(env!("OUT_DIR"), "/spec.rs"));
