//! The names by which an item is found among everybody else's.

use std::collections::BTreeMap;

/// What an item of the Secret Service is called; shared with azure-identity for Python, so that both find it.
///
/// The attributes are matched **exactly**: an item that has them and further ones is not ours.
///
/// # Example
///
/// ```
/// use token_cache::store::ItemIdentity;
///
/// let item = ItemIdentity::of_file("my_application.cae");
/// assert_eq!(item.attributes.len(), 2);
/// assert_eq!(item.attributes["MsalClientID"], ItemIdentity::CLIENT_ID);
/// assert_eq!(item.label, "MSALCache");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemIdentity {
    /// Every attribute of the item, and nothing else.
    pub attributes: BTreeMap<String, String>,
    /// What a key manager shows to the user; no part of the identity.
    pub label: String,
    /// The type of the stored bytes; no part of the identity.
    pub content_type: String,
}

impl ItemIdentity {
    /// What the developer tools of Microsoft call their caches in the keyrings of all platforms.
    pub const CLIENT_ID: &'static str = "Microsoft.Developer.IdentityService";

    /// The item of the cache whose file is called `file_name`.
    ///
    /// # Example
    ///
    /// ```
    /// use token_cache::store::ItemIdentity;
    ///
    /// let item = ItemIdentity::of_file("msal.cache.nocae");
    /// assert_eq!(item.attributes["xdg:schema"], "msal.cache.nocae");
    /// ```
    pub fn of_file(file_name: &str) -> Self {
        Self {
            attributes: BTreeMap::from([
                (SCHEMA.to_owned(), file_name.to_owned()),
                (CLIENT.to_owned(), Self::CLIENT_ID.to_owned()),
            ]),
            label: LABEL.to_owned(),
            content_type: CONTENT_TYPE.to_owned(),
        }
    }
}

/// libsecret stores the name of the schema in this attribute; it is what keeps names apart.
const SCHEMA: &str = "xdg:schema";
const CLIENT: &str = "MsalClientID";
const LABEL: &str = "MSALCache";
const CONTENT_TYPE: &str = "text/plain";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_exactly_the_two_attributes_that_the_python_sdk_writes() {
        let item = ItemIdentity::of_file("app.cae");
        let attributes: Vec<_> = item.attributes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            attributes,
            [("MsalClientID", "Microsoft.Developer.IdentityService"), ("xdg:schema", "app.cae")]
        );
        assert_eq!((item.label.as_str(), item.content_type.as_str()), ("MSALCache", "text/plain"));
    }
}
