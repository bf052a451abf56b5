//! The fields of one record, found but not yet read.

use std::borrow::Cow;

use super::json::{Json, Quoted};
use super::{Defect, Field, Secret, UnixTime};

/// Where each field of a record is that this module knows.
pub(super) struct Fields<'a> {
    found: [Option<Json<'a>>; Field::COUNT],
}

impl<'a> Fields<'a> {
    /// Finds the fields of a record in one pass over it, or stops at the first one that is refused.
    pub(super) fn find_unless(
        record: Json<'a>,
        deepest: usize,
        refused: impl Fn(Field, Json<'a>) -> bool,
    ) -> Result<Option<Self>, Defect> {
        if !record.is_object() {
            return Err(Defect::NotAnObject);
        }
        let deepest_within = deepest.checked_sub(1).ok_or(Defect::TooDeep)?;
        let mut found = [None; Field::COUNT];
        for (name, value) in record.members() {
            if value.depth() > deepest_within {
                return Err(Defect::TooDeep);
            }
            let Some(field) = known(name) else { continue };
            if !value.is_null() && refused(field, value) {
                return Ok(None);
            }
            if found[field as usize].replace(value).is_some() {
                return Err(Defect::RepeatedField { field });
            }
        }
        Ok(Some(Self { found }))
    }

    /// The value, unless it is null: some writers write null for what others leave out.
    pub(super) fn json(&self, field: Field) -> Option<Json<'a>> {
        self.found[field as usize].filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, field: Field) -> Result<Option<Cow<'a, str>>, Defect> {
        let Some(quoted) = self.quoted(field)? else { return Ok(None) };
        quoted.decode().map(Some).map_err(|_| Defect::NotText { field })
    }

    pub(super) fn required_text(&self, field: Field) -> Result<Cow<'a, str>, Defect> {
        self.text(field)?.ok_or(Defect::Missing { field })
    }

    pub(super) fn secret(&self) -> Result<Secret<'a>, Defect> {
        let field = Field::Secret;
        let quoted = self.quoted(field)?.ok_or(Defect::Missing { field })?;
        Secret::read(quoted).map_err(|_| Defect::NotText { field })
    }

    pub(super) fn time(&self, field: Field) -> Result<Option<UnixTime>, Defect> {
        let Some(value) = self.json(field) else { return Ok(None) };
        time(value).map(Some).ok_or(Defect::NotATime { field })
    }

    pub(super) fn required_time(&self, field: Field) -> Result<UnixTime, Defect> {
        self.time(field)?.ok_or(Defect::Missing { field })
    }

    fn quoted(&self, field: Field) -> Result<Option<Quoted<'a>>, Defect> {
        match self.json(field) {
            None => Ok(None),
            Some(value) => value.string().map(Some).ok_or(Defect::NotAString { field }),
        }
    }
}

/// A time as the schema writes it, or as a bare number.
pub(super) fn time(value: Json<'_>) -> Option<UnixTime> {
    UnixTime::parse(value.string().map_or(value.text(), Quoted::escaped))
}

/// The field that a member is, however its name is escaped.
pub(super) fn known(name: Quoted<'_>) -> Option<Field> {
    let escaped = name.escaped();
    // No field has a backslash in its name, so one that is found was not escaped.
    Field::named(escaped).or_else(|| match name.decode() {
        Ok(Cow::Owned(decoded)) => Field::named(&decoded),
        Ok(Cow::Borrowed(_)) | Err(_) => None,
    })
}
