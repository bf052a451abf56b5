//! A wrong implementation, and a legally different one.

use std::sync::LazyLock;

use token_cache::seams::Seams;

use super::{decision, files, honest::VARIANTS, lock, name, store};
use crate::{adapter::reference::MakeSeams, case::CheckId};

/// The reference with one part replaced by a wrong one.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// Its name.
    pub name: &'static str,
    /// Which part is replaced.
    pub part: Part,
    /// What is wrong with it.
    pub defect: &'static str,
    /// The checks that must fail on it.
    pub killers: &'static [&'static str],
    /// Makes its parts.
    pub seams: fn() -> Seams,
}

/// The reference with one part replaced by one that is as good.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// Its name.
    pub name: &'static str,
    /// How it differs.
    pub difference: &'static str,
    /// Makes its parts.
    pub seams: fn() -> Seams,
}

/// A part of the reference that can be replaced.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// What is done with a cache.
    Decision,
    /// How files are opened and replaced.
    Files,
    /// How the cache is held against other processes.
    Lock,
    /// What becomes of a name.
    Name,
    /// Where the protected bytes go.
    Store,
}

/// Every mutant.
pub fn all() -> &'static [Mutant] {
    &ALL
}

/// Every honest variant.
pub fn honest() -> &'static [Variant] {
    VARIANTS
}

/// The mutants of which a check is a named killer.
pub fn killed_by(check: &CheckId) -> impl Iterator<Item = &'static Mutant> {
    all().iter().filter(|mutant| mutant.killers.contains(&check.as_str()))
}

/// Makes the parts of a mutant or a variant; the right parts where none is named.
///
/// # Errors
///
/// [`UnknownMutant`].
pub fn seams(name: Option<&str>) -> Result<Box<MakeSeams>, UnknownMutant> {
    let Some(name) = name else {
        return Ok(Box::new(Seams::real));
    };
    let mutants = all().iter().map(|mutant| (mutant.name, mutant.seams));
    let variants = honest().iter().map(|variant| (variant.name, variant.seams));
    let found = mutants.chain(variants).find(|(known, _)| *known == name);
    let (_, make) = found.ok_or_else(|| UnknownMutant { name: name.to_owned() })?;
    Ok(Box::new(make))
}

/// A name that no mutant and no variant has.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no mutant and no honest variant {name:?}; `sealcheck mutants` names all of them")]
pub struct UnknownMutant {
    /// The name.
    pub name: String,
}

/// In the order in which the parts are met: a name, then what is decided about it, then what is done.
static ALL: LazyLock<Vec<Mutant>> = LazyLock::new(|| {
    [name::MUTANTS, decision::MUTANTS, store::MUTANTS, files::MUTANTS, lock::MUTANTS].concat()
});
