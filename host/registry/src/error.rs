//! Why a registry did not give or take a component.

use std::path::PathBuf;

use kennel_config::{Digest, OciReference};

use crate::credentials::CredentialError;

/// Why a registry did not give or take a component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No answer, or none that makes sense.
    #[error("cannot reach the registry {registry}")]
    Unreachable {
        /// Host and port.
        registry: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No answer in time.
    #[error("the registry {registry} did not {what} in time")]
    Late {
        /// Host and port.
        registry: String,
        /// What it was to do.
        what: &'static str,
    },
    /// It wants other credentials.
    #[error("the registry {registry} refuses {login}{hint}")]
    Unauthorized {
        /// Host and port.
        registry: String,
        /// What it was shown.
        login: &'static str,
        /// What to do about it.
        hint: String,
    },
    /// There is no such thing.
    #[error("the registry has no {what} for {reference}")]
    NotFound {
        /// Manifest or blob.
        what: &'static str,
        /// What was asked for.
        reference: OciReference,
    },
    /// Any other refusal.
    #[error("the registry {registry} answers {status}{detail}")]
    Status {
        /// Host and port.
        registry: String,
        /// The status code.
        status: u16,
        /// What it says, cut short.
        detail: String,
    },
    /// An answer that breaks the protocol.
    #[error("the registry {registry} breaks the protocol: {detail}")]
    Protocol {
        /// Host and port.
        registry: String,
        /// How.
        detail: String,
    },
    /// A place that the rules of transport forbid.
    #[error(
        "refused to go to {place:?}, where the registry points: {detail}; a registry of your own \
         network that has no TLS belongs into [components] plain_http in kennel.toml"
    )]
    Place {
        /// Scheme and host.
        place: String,
        /// Which rule.
        detail: &'static str,
    },
    /// More bytes than anything of this kind has.
    #[error("the {what} is larger than {limit} bytes")]
    TooLarge {
        /// Manifest, component, signature.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// Other bytes than asked for.
    #[error("the {what} has the digest {found}, but {expected} was asked for; it is not used")]
    Digest {
        /// Manifest, component, signature.
        what: &'static str,
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// Something, but no component.
    #[error("{reference} is no WebAssembly component: {detail}")]
    NotAComponent {
        /// What was asked for.
        reference: OciReference,
        /// What it is instead.
        detail: String,
    },
    /// The reference has a digest, and what is pushed has another.
    #[error(
        "the reference names the digest {named}, but what is pushed has {pushed}; leave it out"
    )]
    OtherDigest {
        /// The digest in the reference.
        named: Digest,
        /// That of the manifest.
        pushed: Digest,
    },
    /// Files of the cache.
    #[error("cannot write the component cache at {path:?}")]
    Cache {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Credentials cannot be read.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
    /// The client cannot be set up.
    #[error("the registry client cannot be set up: {0}")]
    Setup(String),
}

impl RegistryError {
    /// Whether what came is at fault, rather than its way here.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::NotAComponent { .. } | Self::TooLarge { .. })
    }
}
