//! A throw-away CA, and one certificate that it signed: for loopback, and for the public authority's name.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::discovery::{NAME, PUBLIC_NAME};

/// What a server needs to speak TLS, and what a client needs to trust it.
pub(super) struct Certificates {
    /// The CA, PEM.
    pub(super) authority_pem: String,
    /// The server's side; the keys exist in memory only.
    pub(super) server: Arc<ServerConfig>,
}

impl Certificates {
    /// A fresh CA, key and certificate.
    ///
    /// # Errors
    ///
    /// What the certificate library or the TLS library says.
    pub(super) fn generate() -> Result<Self, CertificateError> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "sealcheck throw-away CA");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        limit(&mut authority);
        let authority_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let key = KeyPair::generate()?;
        let mut server = CertificateParams::new(NAMES.map(String::from))?;
        server.distinguished_name.push(DnType::CommonName, "sealcheck token authority");
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Python 3.13 and later refuse a certificate without it.
        server.use_authority_key_identifier_extension = true;
        limit(&mut server);
        let certificate = server.signed_by(&key, &issuer)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self { authority_pem, server: Arc::new(config) })
    }
}

/// Limits the validity: some systems refuse certificates that live for years.
fn limit(parameters: &mut CertificateParams) {
    let now = SystemTime::now();
    parameters.not_before = (now - DAY).into();
    parameters.not_after = (now + 7 * DAY).into();
}

/// What can go wrong while certificates are made.
#[derive(Debug, thiserror::Error)]
pub(super) enum CertificateError {
    /// The certificate library refused.
    #[error("the throw-away certificates could not be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused.
    #[error("TLS could not be configured with the throw-away certificates: {0}")]
    Tls(#[from] rustls::Error),
}

const NAMES: [&str; 4] = [NAME, PUBLIC_NAME, "127.0.0.1", "::1"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
