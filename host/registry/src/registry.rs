//! Components pulled, pushed and signed.

use std::path::Path;
use std::sync::Arc;

use kennel_config::{Digest, OciReference, PinnedReference};

use crate::cache::Cache;
use crate::client::{Access, Blob, Client, Session};
use crate::credentials::Credentials;
use crate::error::RegistryError;
use crate::key::{KeyError, PrivateKey};
use crate::manifest::{Descriptor, Manifest, Package, component_layer};
use crate::progress::{Progress, Silent};
use crate::signature::{ImageSignature, SignatureError};
use crate::{LARGEST_COMPONENT, digest_of};

/// Where cosign puts the signature of a layer's document.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LARGEST_MANIFEST: u64 = 4 << 20;
const LARGEST_PAYLOAD: u64 = 64 << 10;
/// A manifest may name any number; nobody signs so often.
const MOST_SIGNATURES: usize = 32;

/// Registries, with what was pulled from them kept on this machine.
pub struct Registry {
    client: Client,
    cache: Arc<Cache>,
}

/// A component with all that was said of it.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// Where it is, with its digest.
    pub reference: PinnedReference,
    /// The component's bytes, which are those that the reference's digest stands for.
    pub component: Vec<u8>,
    /// Signatures that came with it. They are not verified.
    pub signatures: Vec<ImageSignature>,
    /// Whether nothing had to be pulled.
    pub cached: bool,
}

/// What became of signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// There is one signature more.
    Now,
    /// The same key had signed it before.
    Before,
}

impl Registry {
    /// Keeps what is pulled in the folder `cache`. `plain_http` lists registries, besides those of this
    /// machine, that are spoken to without TLS.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        cache: &Path,
        plain_http: Vec<String>,
        credentials: Credentials,
    ) -> Result<Self, RegistryError> {
        let client = Client::new(plain_http, credentials)?;
        Ok(Self { client, cache: Arc::new(Cache::new(cache)) })
    }

    /// The component: from the cache if the reference has a digest and it is there, else from the registry.
    /// Without a digest the registry is asked what the tag means.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn pull(
        &self,
        reference: &OciReference,
        progress: &dyn Progress,
    ) -> Result<Artifact, RegistryError> {
        let mut session = Session::new(&self.client, reference, Access::Pull);
        let (digest, manifest, manifest_cached) = self.manifest(&mut session, reference).await?;
        let (layer, size) = component_layer(&manifest, reference)?;
        let cached = self.cached(layer, LARGEST_COMPONENT).await;
        let component_cached = cached.is_some();
        let component = match cached {
            Some(component) => component,
            None => {
                let blob = Blob { what: "component", digest: layer, size };
                let component = session.blob(blob, progress).await?;
                self.keep(layer, component).await?
            }
        };
        let known = self.cache.signatures(&digest).filter(|_| manifest_cached);
        let signatures_cached = known.is_some();
        let signatures = match known {
            Some(signatures) => signatures,
            None => self.fetch_signatures(&mut session, &digest).await?,
        };
        if reference.digest().is_none() {
            self.cache.keep_tag(reference, &digest)?;
        }
        let cached = manifest_cached && component_cached && signatures_cached;
        Ok(Artifact { reference: reference.pin(digest), component, signatures, cached })
    }

    /// The signatures that the registry has now, which are kept.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn refresh_signatures(&self, artifact: &mut Artifact) -> Result<(), RegistryError> {
        let reference = artifact.reference.reference();
        let mut session = Session::new(&self.client, reference, Access::Pull);
        let found = self.fetch_signatures(&mut session, artifact.reference.digest()).await?;
        artifact.signatures = found;
        Ok(())
    }

    /// Stores a component under the reference.
    ///
    /// # Errors
    /// See [`RegistryError`]; a digest in the reference has to be that of the package.
    pub async fn push(
        &self,
        reference: &OciReference,
        package: Package,
    ) -> Result<PinnedReference, RegistryError> {
        let digest = package.digest();
        if let Some(named) = reference.digest().filter(|named| **named != digest) {
            return Err(RegistryError::OtherDigest { named: *named, pushed: digest });
        }
        let mut session = Session::new(&self.client, reference, Access::Push);
        session.push_blob(package.component.into()).await?;
        session.push_blob(package.config.into()).await?;
        let version = version(reference, &digest);
        session.push_manifest(&version, package.manifest).await?;
        self.cache.keep_tag(reference, &digest)?;
        Ok(reference.pin(digest))
    }

    /// Adds a signature by `key` where cosign puts it: in a manifest of its own beside the component.
    ///
    /// # Errors
    /// See [`RegistryError`], or that the system has no random numbers.
    pub async fn sign(
        &self,
        artifact: &mut Artifact,
        key: &PrivateKey,
    ) -> Result<Signed, SignError> {
        let digest = *artifact.reference.digest();
        self.refresh_signatures(artifact).await?;
        let public = key.public();
        if artifact.signatures.iter().any(|it| it.verify(&digest, &public).is_ok()) {
            return Ok(Signed::Before);
        }
        let reference = artifact.reference.reference();
        artifact.signatures.push(ImageSignature::new(reference, &digest, key)?);
        let mut session = Session::new(&self.client, reference, Access::Push);
        let mut layers = Vec::new();
        for signature in &artifact.signatures {
            let mut layer = Descriptor::of(PAYLOAD, &signature.payload);
            layer.annotations.insert(SIGNATURE.to_owned(), signature.signature.clone());
            layers.push(layer);
            session.push_blob(signature.payload.clone().into()).await?;
        }
        let config = image_config(&layers);
        session.push_blob(config.clone().into()).await?;
        let manifest = Manifest::new(Descriptor::of(IMAGE_CONFIG, &config), layers);
        session.push_manifest(&signature_tag(&digest), manifest.to_bytes()).await?;
        self.cache.keep_signatures(&digest, &artifact.signatures)?;
        Ok(Signed::Now)
    }

    /// The manifest with its digest, and whether it was in the cache.
    async fn manifest(
        &self,
        session: &mut Session<'_>,
        reference: &OciReference,
    ) -> Result<(Digest, Vec<u8>, bool), RegistryError> {
        if let Some(digest) = reference.digest()
            && let Some(manifest) = self.cached(*digest, LARGEST_MANIFEST).await
        {
            return Ok((*digest, manifest, true));
        }
        let version = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => digest.to_string(),
            (None, tag) => tag.unwrap_or_default().to_owned(),
        };
        let manifest = session.manifest(&version).await?.ok_or_else(|| {
            RegistryError::NotFound { what: "manifest", reference: reference.clone() }
        })?;
        let found = digest_of(&manifest);
        match reference.digest() {
            Some(expected) if *expected != found => {
                Err(RegistryError::Digest { what: "manifest", expected: *expected, found })
            }
            _ => Ok((found, self.keep(found, manifest).await?, false)),
        }
    }

    async fn fetch_signatures(
        &self,
        session: &mut Session<'_>,
        digest: &Digest,
    ) -> Result<Vec<ImageSignature>, RegistryError> {
        let mut signatures = Vec::new();
        if let Some(manifest) = session.manifest(&signature_tag(digest)).await? {
            // Whoever can write there can write anything: what is no signature counts as none.
            let layers = Manifest::parse(&manifest).map(|it| it.layers).unwrap_or_default();
            for layer in layers.iter().take(MOST_SIGNATURES) {
                signatures.extend(self.signature(session, layer).await?);
            }
        }
        self.cache.keep_signatures(digest, &signatures)?;
        Ok(signatures)
    }

    async fn signature(
        &self,
        session: &mut Session<'_>,
        layer: &Descriptor,
    ) -> Result<Option<ImageSignature>, RegistryError> {
        let sound = layer.media_type == PAYLOAD && layer.size <= LARGEST_PAYLOAD;
        let (true, Some(signature), Ok(digest)) =
            (sound, layer.annotations.get(SIGNATURE), layer.digest.parse())
        else {
            return Ok(None);
        };
        let blob = Blob { what: "signature", digest, size: layer.size };
        match session.blob(blob, &Silent).await {
            Ok(payload) => Ok(Some(ImageSignature { payload, signature: signature.clone() })),
            Err(
                RegistryError::NotFound { .. }
                | RegistryError::Digest { .. }
                | RegistryError::TooLarge { .. },
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Bytes of the cache; reading and hashing large ones takes long.
    async fn cached(&self, digest: Digest, limit: u64) -> Option<Vec<u8>> {
        let cache = self.cache.clone();
        tokio::task::spawn_blocking(move || cache.blob(&digest, limit)).await.ok().flatten()
    }

    /// Keeps bytes and gives them back.
    async fn keep(&self, digest: Digest, bytes: Vec<u8>) -> Result<Vec<u8>, RegistryError> {
        let cache = self.cache.clone();
        let kept =
            tokio::task::spawn_blocking(move || cache.keep_blob(&digest, &bytes).map(|()| bytes));
        kept.await.map_err(|error| RegistryError::Setup(error.to_string()))?
    }
}

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The key.
    #[error("cannot sign")]
    Key(#[from] KeyError),
}

impl Artifact {
    /// Whether `key` signed this component.
    ///
    /// # Errors
    /// Why no signature counts; none at all: `Ok(false)`.
    pub fn is_signed_by(&self, key: &crate::PublicKey) -> Result<bool, SignatureError> {
        let mut refused = None;
        for signature in &self.signatures {
            match signature.verify(self.reference.digest(), key) {
                Ok(()) => return Ok(true),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(false), Err)
    }
}

/// Under what a manifest is stored.
fn version(reference: &OciReference, digest: &Digest) -> String {
    reference.tag().map_or_else(|| digest.to_string(), str::to_owned)
}

/// cosign's name for the signatures of a manifest.
fn signature_tag(digest: &Digest) -> String {
    format!("sha256-{}.sig", digest.hex())
}

/// The document that an image has; for signatures it says nothing.
fn image_config(layers: &[Descriptor]) -> Vec<u8> {
    let layers: Vec<_> = layers.iter().map(|layer| &layer.digest).collect();
    serde_json::json!({
        "architecture": "",
        "config": {},
        "created": "0001-01-01T00:00:00Z",
        "history": layers.iter().map(|_| serde_json::json!({ "created": "0001-01-01T00:00:00Z" }))
            .collect::<Vec<_>>(),
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": layers },
    })
    .to_string()
    .into_bytes()
}
