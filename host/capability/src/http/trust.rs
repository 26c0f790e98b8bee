//! Which certificate authorities HTTPS servers may have.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

/// Certificate authorities that guests' requests trust.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Those of the web, by Mozilla's list.
    pub public: bool,
    /// PEM files with more of them.
    pub files: Vec<PathBuf>,
}

impl Default for Trust {
    fn default() -> Self {
        Self { public: true, files: Vec::new() }
    }
}

/// A file of authorities that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read, or is not PEM.
    #[error("cannot read certificates from {file:?}")]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        #[source]
        cause: pem::Error,
    },
    /// It has other things than certificates, or nothing.
    #[error("{file:?} holds no certificate")]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// One of its certificates cannot be an authority's.
    #[error("{file:?} holds a certificate that is not an authority's")]
    Certificate {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        #[source]
        cause: rustls::Error,
    },
}

impl Trust {
    pub(super) fn roots(&self) -> Result<RootCertStore, TrustError> {
        let mut roots = RootCertStore::empty();
        if self.public {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        self.files.iter().try_for_each(|file| add(&mut roots, file))?;
        Ok(roots)
    }
}

fn add(roots: &mut RootCertStore, file: &Path) -> Result<(), TrustError> {
    let unreadable = |cause| TrustError::Read { file: file.to_owned(), cause };
    let before = roots.len();
    for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
        let refused = |cause| TrustError::Certificate { file: file.to_owned(), cause };
        roots.add(certificate.map_err(unreadable)?).map_err(refused)?;
    }
    match roots.len() > before {
        true => Ok(()),
        false => Err(TrustError::Empty { file: file.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn roots_of(text: &str) -> Result<usize, TrustError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, text).unwrap();
        let trust = Trust { public: false, files: vec![file] };
        trust.roots().map(|roots| roots.len())
    }

    fn authority() -> String {
        rcgen::generate_simple_self_signed(["ca.test".to_owned()]).unwrap().cert.pem()
    }

    #[test]
    fn given_files_should_trust_all_their_authorities_and_others_only_if_told() {
        assert_eq!(roots_of(&format!("a note\n{}\n{}", authority(), authority())).unwrap(), 2);
        let public = Trust::default().roots().unwrap().len();
        assert!(public > 100, "{public}");
        assert_eq!(Trust { public: false, files: vec![] }.roots().unwrap().len(), 0);
    }

    #[test]
    fn given_a_file_that_is_of_no_use_should_say_so() {
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        for (text, says) in [
            ("", "holds no certificate"),
            ("nothing\n", "holds no certificate"),
            (key.as_str(), "holds no certificate"),
            (begin, "cannot read certificates"),
            (&format!("{begin}AAAA\n-----END CERTIFICATE-----\n"), "not an authority's"),
        ] {
            let error = roots_of(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let missing = Trust { public: true, files: vec!["/nowhere/ca.pem".into()] };
        assert!(missing.roots().unwrap_err().to_string().contains("/nowhere/ca.pem"));
    }
}
