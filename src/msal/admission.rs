//! Whether a record is one of those that a query looks for.

use super::fields::{Fields, time};
use super::json::{Json, Quoted};
use super::query::{Binding, Hosts, Owner, Query};
use super::{Field, Section};

impl Query {
    /// Whether a record of a section meets every criterion that applies to it.
    pub(super) fn admits(&self, section: Section, fields: &Fields<'_>) -> bool {
        CRITERIA.iter().all(|field| !self.refuses(section, *field, fields.json(*field)))
            && match section {
                Section::AccessToken => self.is_bound(fields),
                Section::RefreshToken => self.has_assertion(fields),
                Section::IdToken | Section::Account | Section::AppMetadata => true,
            }
    }

    /// Whether what a record of a section has in one field is enough to tell that it does not meet the query.
    pub(super) fn refuses(&self, section: Section, field: Field, value: Option<Json<'_>>) -> bool {
        use Section::{AccessToken, Account, AppMetadata, IdToken, RefreshToken};

        let is = |wanted: &str| value.is_some_and(|found| found.means(wanted));
        let is_in_any_case = |wanted: &str| value.is_some_and(|found| found.means_ignoring_case(wanted));
        let is_met = match (field, section) {
            (Field::HomeAccountId, AccessToken | RefreshToken | IdToken | Account) => match &self.owner {
                Owner::Anybody => true,
                Owner::Nobody => value.and_then(named).is_none(),
                // Nobody's tokens are not those of a user whose name was lost.
                Owner::Account(id) => !id.is_empty() && is(id),
            },
            (Field::Environment, _) => match &self.environment {
                Hosts::Any => true,
                Hosts::Exactly(host) => is_in_any_case(host),
                Hosts::Known(hosts) => hosts.iter().copied().any(is_in_any_case),
            },
            (Field::ClientId, AccessToken | RefreshToken | IdToken | AppMetadata) => {
                self.client.as_deref().is_none_or(is)
            }
            (Field::Realm, AccessToken | IdToken | Account) => {
                self.tenant.as_deref().is_none_or(is_in_any_case)
            }
            (Field::Target, AccessToken) => {
                self.scopes.is_empty() || value.is_some_and(|found| self.is_for(found))
            }
            (Field::FamilyId, RefreshToken | AppMetadata) => self.family.as_deref().is_none_or(is),
            (Field::ExpiresOn, AccessToken) => self
                .valid_at
                .is_none_or(|valid_at| value.and_then(time).is_some_and(|expires_on| expires_on > valid_at)),
            _ => true,
        };
        !is_met
    }

    /// Whether scopes, as they are written, are at least those that are wanted.
    fn is_for(&self, target: Json<'_>) -> bool {
        let Some(Ok(target)) = target.string().map(Quoted::decode) else { return false };
        self.scopes.iter().all(|wanted| target.split_ascii_whitespace().any(|scope| scope == wanted))
    }

    fn is_bound(&self, fields: &Fields<'_>) -> bool {
        let bound = match &self.binding {
            Binding::Any => return true,
            Binding::Exactly(bound) => bound,
        };
        let token_type = bound.token_type.as_deref().unwrap_or(BEARER);
        let is_presented_so = match fields.json(Field::TokenType).and_then(named) {
            Some(found) => found.means_ignoring_case(token_type),
            None => token_type.eq_ignore_ascii_case(BEARER),
        };
        is_presented_so
            && agrees(fields, &[Field::KeyId, Field::Kid, Field::KeyIdGo], bound.key.as_deref())
            && agrees(
                fields,
                &[Field::ExtCacheKey, Field::Ext, Field::AdditionalCacheKeyComponents],
                bound.extension.as_deref(),
            )
            && agrees(fields, &[Field::RequestedClaimsHash, Field::RequestedClaims], bound.claims.as_deref())
            && self.has_assertion(fields)
    }

    fn has_assertion(&self, fields: &Fields<'_>) -> bool {
        match &self.binding {
            Binding::Any => true,
            Binding::Exactly(bound) => agrees(
                fields,
                &[Field::UserAssertionHash, Field::UserAssertionHashNode],
                bound.assertion.as_deref(),
            ),
        }
    }
}

/// Whether the first of these fields that a record has is what is wanted, or it has none and none is wanted.
fn agrees(fields: &Fields<'_>, names: &[Field], wanted: Option<&str>) -> bool {
    let found = names.iter().find_map(|field| fields.json(*field).and_then(named));
    match (found, wanted) {
        (None, None) => true,
        (Some(found), Some(wanted)) => found.means(wanted),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// A value that says something: some writers write nothing at all, some null, and some something empty.
fn named(value: Json<'_>) -> Option<Json<'_>> {
    Some(value).filter(|value| !matches!(value.text(), "\"\"" | "{}" | "[]"))
}

const BEARER: &str = "Bearer";

/// The fields that a criterion applies to, alone.
const CRITERIA: [Field; 7] = [
    Field::HomeAccountId,
    Field::Environment,
    Field::ClientId,
    Field::Realm,
    Field::Target,
    Field::FamilyId,
    Field::ExpiresOn,
];
