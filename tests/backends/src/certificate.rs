//! An authority and a certificate for a server on this machine, made anew for each.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::BackendError;

/// All as PEM.
#[derive(Debug)]
pub(crate) struct Certified {
    /// The authority's certificate, which clients trust.
    pub(crate) authority: String,
    /// The server's certificate, for `localhost` and `127.0.0.1`.
    pub(crate) certificate: String,
    /// The server's key.
    pub(crate) key: String,
}

impl Certified {
    pub(crate) fn new() -> Result<Self, BackendError> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
        Ok(Self {
            authority: authority_certificate.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}
