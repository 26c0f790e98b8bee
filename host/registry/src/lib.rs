//! Components in registries, and who signed them.
//!
//! * [`Registry`]: pulls, pushes and signs; what was pulled is kept in a [cache](Registry::new) by digest
//! * [`PublicKey`], [`PrivateKey`]: ECDSA over P-256, in the files that cosign writes and reads
//! * [`Admission`]: what an operator's policy accepts. It reads a component's bytes once, checks them,
//!   and hands just these bytes over, so that what was checked is what runs
//!
//! The client is our own, on the HTTP stack of the host. What a registry answers is a stranger's input:
//! each answer has a size and a time it may take, credentials and redirects follow one rule, and no
//! answer ends the process.

#![forbid(unsafe_code)]
// Errors name the whole reference, and each is made once in a command, not once in a batch.
#![allow(clippy::result_large_err)]

mod admission;
mod cache;
mod client;
mod credentials;
mod error;
mod key;
mod manifest;
mod progress;
mod registry;
mod signature;

pub use admission::{Admission, AdmissionError, Admitted, signature_file};
pub use credentials::{CredentialError, Credentials};
pub use error::RegistryError;
pub use key::{KeyError, PrivateKey, PublicKey, Signer};
pub use manifest::Package;
pub use progress::{Progress, Silent};
pub use registry::{Artifact, Registry, SignError, Signed};
pub use signature::{ImageSignature, SignatureError};

/// Largest component, in bytes.
pub const LARGEST_COMPONENT: u64 = 256 << 20;

use kennel_config::Digest;
use sha2::Digest as _;

/// The SHA-256 of `bytes`.
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest::from_bytes(sha2::Sha256::digest(bytes).into())
}
