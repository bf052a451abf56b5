//! A wrong implementation, and a legally different one.

use std::sync::{Arc, LazyLock};

use token_cache::seams::Seams;

use super::{
    conduct, content, credential, decision, failure, files, honest::VARIANTS, interrupted, lock, name,
    replaced, store,
};
use crate::{
    adapter::reference::{Habits, MakeSeams, Right},
    case::CheckId,
    protocol::Level,
};

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
    /// What a credential asks for, keeps and hands to its cache.
    Credential,
}

/// What the reference is made of.
pub struct Parts {
    /// The parts of each cache.
    pub seams: Box<MakeSeams>,
    /// How its credentials behave, where it is used at their level.
    pub habits: Arc<dyn Habits>,
}

/// Every mutant.
pub fn all() -> &'static [Mutant] {
    &ALL
}

/// Every honest variant.
pub fn honest() -> &'static [Variant] {
    &HONEST
}

/// The level at which the reference differs in the way that a mutant or a variant of this name does.
pub fn level(name: &str) -> Level {
    if credential::habits(name).is_some() { Level::Credential } else { Level::Store }
}

/// The mutants of which a check is a named killer.
pub fn killed_by(check: &CheckId) -> impl Iterator<Item = &'static Mutant> {
    all().iter().filter(|mutant| mutant.killers.contains(&check.as_str()))
}

/// The parts of a mutant or a variant; the right parts where none is named.
///
/// # Errors
///
/// [`UnknownMutant`].
pub fn parts(name: Option<&str>) -> Result<Parts, UnknownMutant> {
    let Some(name) = name else {
        return Ok(Parts { seams: Box::new(Seams::real), habits: Arc::new(Right) });
    };
    if let Some(habits) = credential::habits(name) {
        return Ok(Parts { seams: Box::new(Seams::real), habits });
    }
    let mutants = all().iter().map(|mutant| (mutant.name, mutant.seams));
    let variants = honest().iter().map(|variant| (variant.name, variant.seams));
    let found = mutants.chain(variants).find(|(known, _)| *known == name);
    let (_, make) = found.ok_or_else(|| UnknownMutant { name: name.to_owned() })?;
    Ok(Parts { seams: Box::new(make), habits: Arc::new(Right) })
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
    let of_credentials: Vec<Mutant> = credential::MUTANTS.iter().map(|(mutant, _)| *mutant).collect();
    [
        name::MUTANTS,
        decision::MUTANTS,
        store::MUTANTS,
        conduct::MUTANTS,
        interrupted::MUTANTS,
        failure::MUTANTS,
        files::MUTANTS,
        replaced::MUTANTS,
        content::MUTANTS,
        lock::MUTANTS,
        &of_credentials,
    ]
    .concat()
});

/// Those of caches, then those of credentials.
static HONEST: LazyLock<Vec<Variant>> = LazyLock::new(|| {
    let of_credentials = credential::VARIANTS.iter().map(|(variant, _)| *variant);
    VARIANTS.iter().copied().chain(of_credentials).collect()
});
