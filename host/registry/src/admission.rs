//! Whether a component may run: read once, checked, and handed over as it was checked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use kennel_config::{ComponentSource, OciReference};

use crate::LARGEST_COMPONENT;
use crate::cache::read;
use crate::error::RegistryError;
use crate::key::{KeyError, PublicKey, Signer};
use crate::progress::Progress;
use crate::registry::{Artifact, Registry};
use crate::signature::{SignatureError, verify_bytes};

const LARGEST_KEY: u64 = 64 << 10;
const LARGEST_SIGNATURE: u64 = 16 << 10;

/// Whose components an operator lets run.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    signers: Vec<PublicKey>,
}

/// A component that may run.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Its bytes, the ones that were checked. Nothing else may be compiled.
    pub bytes: Vec<u8>,
    /// Whose signature was found; none where none is asked for.
    pub signer: Option<Signer>,
}

/// Why a component may not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// A key cannot be read.
    #[error("cannot read the public key {path:?}")]
    KeyFile {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is no public key.
    #[error("{path:?} is not a public key")]
    Key {
        /// Its file.
        path: PathBuf,
        /// What it is instead.
        source: KeyError,
    },
    /// The component cannot be read.
    #[error("cannot read the component {path:?}")]
    Read {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The registry does not give it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no signature.
    #[error("{component} is not signed, but has to be signed by {wanted}; {help}")]
    Unsigned {
        /// Path or reference.
        component: String,
        /// The keys, by name.
        wanted: String,
        /// What to do.
        help: String,
    },
    /// No signature counts.
    #[error("{component} is not signed by {wanted}")]
    Refused {
        /// Path or reference.
        component: String,
        /// The keys, by name.
        wanted: String,
        /// Why not by the last of them.
        source: SignatureError,
    },
}

impl AdmissionError {
    /// Whether the component is at fault, rather than a key or the way to the component.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::KeyFile { .. } | Self::Key { .. } => false,
            Self::Registry(error) => error.is_refusal(),
            Self::Read { .. } | Self::Unsigned { .. } | Self::Refused { .. } => true,
        }
    }
}

impl Admission {
    /// Everything may run.
    pub fn everything() -> Self {
        Self::default()
    }

    /// Only what one of these keys, PEM files, has signed. No file: everything.
    ///
    /// # Errors
    /// A file that cannot be read or is not a public key.
    pub fn signed_by(files: &[PathBuf]) -> Result<Self, AdmissionError> {
        let read = |path: &PathBuf| {
            let bytes = read(path, LARGEST_KEY)
                .map_err(|source| AdmissionError::KeyFile { path: path.clone(), source })?;
            let text = String::from_utf8_lossy(&bytes);
            PublicKey::from_pem(&path.display().to_string(), &text)
                .map_err(|source| AdmissionError::Key { path: path.clone(), source })
        };
        files.iter().map(read).collect::<Result<_, _>>().map(|signers| Self { signers })
    }

    /// Reads a component, from a file or from a registry, and checks its signature.
    ///
    /// # Errors
    /// When it cannot be read, or no key has signed it although one has to.
    pub async fn read(
        &self,
        source: &ComponentSource,
        registry: &Registry,
        progress: &dyn Progress,
    ) -> Result<Admitted, AdmissionError> {
        match source {
            ComponentSource::File(path) => self.read_file(path).await,
            ComponentSource::Oci(reference) => {
                let reference = reference.reference();
                let (artifact, signer) = self.read_artifact(reference, registry, progress).await?;
                Ok(Admitted { bytes: artifact.component, signer })
            }
        }
    }

    /// Reads a file, and its signature beside it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_file(&self, path: &Path) -> Result<Admitted, AdmissionError> {
        let (file, signed) = (path.to_owned(), !self.signers.is_empty());
        let files = tokio::task::spawn_blocking(move || {
            let bytes = read(&file, LARGEST_COMPONENT)?;
            let signature = match signed {
                true => read(&signature_file(&file), LARGEST_SIGNATURE).ok(),
                false => None,
            };
            Ok((bytes, signature))
        });
        let refuse = |source| AdmissionError::Read { path: path.to_owned(), source };
        let (bytes, signature) =
            files.await.map_err(|error| refuse(std::io::Error::other(error)))?.map_err(refuse)?;
        let signature = signature.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let help = format!(
            "its signature belongs into {}: `kennel sign {} --key KEY` makes it",
            signature_file(path).display(),
            path.display()
        );
        let signer = self.signer(&path.display().to_string(), help, |key| match &signature {
            Some(signature) => verify_bytes(&bytes, signature, key).map(|()| true),
            None => Ok(false),
        })?;
        Ok(Admitted { bytes, signer })
    }

    /// Reads a component of a registry, and its signatures. Where those that were pulled do not suffice,
    /// the registry is asked for newer ones.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_artifact(
        &self,
        reference: &OciReference,
        registry: &Registry,
        progress: &dyn Progress,
    ) -> Result<(Artifact, Option<Signer>), AdmissionError> {
        let mut artifact = registry.pull(reference, progress).await?;
        let checked = self.check_artifact(&artifact);
        if checked.is_ok() || !artifact.cached {
            return checked.map(|signer| (artifact, signer));
        }
        // Without the registry, what is known stands.
        if registry.refresh_signatures(&mut artifact).await.is_err() {
            return checked.map(|signer| (artifact, signer));
        }
        self.check_artifact(&artifact).map(|signer| (artifact, signer))
    }

    fn check_artifact(&self, artifact: &Artifact) -> Result<Option<Signer>, AdmissionError> {
        let name = artifact.reference.to_string();
        let help = format!("`kennel sign {name} --key KEY` signs it");
        self.signer(&name, help, |key| artifact.is_signed_by(key))
    }

    /// The first key that signed. `signed_by` answers false where there is no signature at all.
    fn signer(
        &self,
        component: &str,
        help: String,
        signed_by: impl Fn(&PublicKey) -> Result<bool, SignatureError>,
    ) -> Result<Option<Signer>, AdmissionError> {
        let mut refused = None;
        for key in &self.signers {
            match signed_by(key) {
                Ok(true) => return Ok(Some(key.signer())),
                Ok(false) => {}
                Err(error) => refused = Some(error),
            }
        }
        if self.signers.is_empty() {
            return Ok(None);
        }
        let wanted: Vec<_> = self.signers.iter().map(|key| key.signer().name).collect();
        let (component, wanted) = (component.to_owned(), wanted.join(" or "));
        Err(match refused {
            Some(source) => AdmissionError::Refused { component, wanted, source },
            None => AdmissionError::Unsigned { component, wanted, help },
        })
    }
}

/// The file with the signature of a file: its name and `.sig`.
pub fn signature_file(component: &Path) -> PathBuf {
    let mut name = OsString::from(component);
    name.push(".sig");
    name.into()
}
