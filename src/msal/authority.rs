//! Hosts that are one authority.

/// The names of the authority at `host`, itself included; none for a host that is known under one name only.
///
/// The libraries store tokens under different names of one cloud: MSAL.NET as `login.windows.net`, the others as
/// `login.microsoftonline.com`. The table is theirs:
/// <https://github.com/AzureAD/microsoft-authentication-library-for-dotnet/blob/main/src/client/Microsoft.Identity.Client/Instance/Discovery/KnownMetadataProvider.cs>.
///
/// # Example
///
/// ```
/// use token_cache::msal::aliases;
///
/// assert!(aliases("Login.MicrosoftOnline.com").contains(&"login.windows.net"));
/// assert!(aliases("adfs.contoso.example").is_empty());
/// ```
pub fn aliases(host: &str) -> &'static [&'static str] {
    let named = |names: &&&[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(host));
    AUTHORITIES.iter().find(named).copied().unwrap_or_default()
}

const AUTHORITIES: [&[&str]; 4] = [
    &["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"],
    &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
    &["login.microsoftonline.us", "login.usgovcloudapi.net"],
    &["login.windows-ppe.net", "sts.windows-ppe.net", "login.microsoft-ppe.com"],
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_host_is_two_authorities() {
        let hosts: Vec<_> = AUTHORITIES.iter().copied().flatten().collect();
        assert_eq!(hosts.iter().collect::<BTreeSet<_>>().len(), hosts.len());
    }

    #[test]
    fn a_cloud_is_not_another_one() {
        assert!(!aliases("login.microsoftonline.com").contains(&"login.microsoftonline.us"));
        assert!(aliases("login.microsoftonline.com.evil.example").is_empty());
    }
}
