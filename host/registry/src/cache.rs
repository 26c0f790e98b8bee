//! What was pulled, on disk.
//!
//! ```text
//! oci/blobs/sha256/<digest>             manifests and components
//! oci/signatures/<digest>.json          signatures of a manifest, as they were pulled
//! oci/tags/<registry>/<name>/_tags/<tag>   the digest that a tag had last
//! ```
//! Only the first decides anything, and a blob counts only if it has its digest, each time it is read.
//! Signatures are verified whenever they matter, and tags only help a person to pin them.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_config::{Digest, OciReference};
use serde::{Deserialize, Serialize};

use crate::digest_of;
use crate::error::RegistryError;
use crate::signature::ImageSignature;

#[derive(Debug, Clone)]
pub(crate) struct Cache {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct StoredSignature {
    payload: String,
    signature: String,
}

impl Cache {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The bytes with this digest, at most `limit`. Others in their place are removed.
    pub(crate) fn blob(&self, digest: &Digest, limit: u64) -> Option<Vec<u8>> {
        let path = self.blob_path(digest);
        let bytes = read(&path, limit).ok()?;
        let found = digest_of(&bytes);
        if found == *digest {
            return Some(bytes);
        }
        tracing::warn!(
            "{} was changed: it has the digest {found}; it is not used and pulled again",
            path.display()
        );
        // If it cannot be removed, it is refused the next time as well.
        drop(fs::remove_file(&path));
        None
    }

    /// Keeps bytes that have this digest.
    pub(crate) fn keep_blob(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        write(&self.blob_path(digest), bytes)
    }

    /// Signatures pulled for the manifest with this digest. None: never asked for, or not readable.
    pub(crate) fn signatures(&self, manifest: &Digest) -> Option<Vec<ImageSignature>> {
        let text = read(&self.signatures_path(manifest), LARGEST_SIGNATURES).ok()?;
        let stored: Vec<StoredSignature> = serde_json::from_slice(&text).ok()?;
        stored
            .into_iter()
            .map(|stored| {
                let payload = STANDARD.decode(stored.payload).ok()?;
                Some(ImageSignature { payload, signature: stored.signature })
            })
            .collect()
    }

    pub(crate) fn keep_signatures(
        &self,
        manifest: &Digest,
        signatures: &[ImageSignature],
    ) -> Result<(), RegistryError> {
        let path = self.signatures_path(manifest);
        let stored: Vec<_> = signatures
            .iter()
            .map(|each| StoredSignature {
                payload: STANDARD.encode(&each.payload),
                signature: each.signature.clone(),
            })
            .collect();
        let text = serde_json::to_vec(&stored).map_err(io::Error::from).map_err(at(&path))?;
        write(&path, &text)
    }

    /// Remembers what the reference's tag means now.
    pub(crate) fn keep_tag(
        &self,
        reference: &OciReference,
        digest: &Digest,
    ) -> Result<(), RegistryError> {
        match reference.tag_file() {
            Some(file) => write(&self.folder.join(file), format!("{digest}\n").as_bytes()),
            None => Ok(()),
        }
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("oci/blobs/sha256").join(digest.hex())
    }

    fn signatures_path(&self, manifest: &Digest) -> PathBuf {
        self.folder.join("oci/signatures").join(format!("{}.json", manifest.hex()))
    }
}

const LARGEST_SIGNATURES: u64 = 4 << 20;

/// A whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > limit {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the file is larger than {limit} bytes"),
        )),
        false => Ok(bytes),
    }
}

/// All or nothing, also for those who read at the same time.
fn write(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    });
    written.map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> RegistryError {
    let path = path.to_owned();
    move |source| RegistryError::Cache { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_blob_should_give_it_back_only_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let digest = digest_of(b"component");
        assert_eq!(cache.blob(&digest, 100), None);
        cache.keep_blob(&digest, b"component").unwrap();
        assert_eq!(cache.blob(&digest, 100).as_deref(), Some(&b"component"[..]));
        assert_eq!(cache.blob(&digest, 9).as_deref(), Some(&b"component"[..]));
        assert_eq!(cache.blob(&digest, 8), None, "larger than may be read");

        for tampered in [&b"Component"[..], b"", b"component\n", b"componen"] {
            cache.keep_blob(&digest, b"component").unwrap();
            std::fs::write(cache.blob_path(&digest), tampered).unwrap();
            assert_eq!(cache.blob(&digest, 100), None);
            assert!(!cache.blob_path(&digest).exists(), "what was changed is removed");
        }
    }

    #[test]
    fn given_signatures_should_give_them_back_and_take_nonsense_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let digest = digest_of(b"manifest");
        assert_eq!(cache.signatures(&digest), None);
        let one = ImageSignature { payload: b"{}".to_vec(), signature: "AAAA".to_owned() };
        for signatures in [vec![], vec![one.clone(), one]] {
            cache.keep_signatures(&digest, &signatures).unwrap();
            assert_eq!(cache.signatures(&digest), Some(signatures));
        }
        for text in ["", "{}", r#"[{"payload":"!","signature":""}]"#] {
            std::fs::write(cache.signatures_path(&digest), text).unwrap();
            assert_eq!(cache.signatures(&digest), None);
        }
    }

    #[test]
    fn given_a_tag_should_remember_what_it_means_where_the_configuration_looks() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let reference: OciReference = "oci://localhost:5000/a/b:1".parse().unwrap();
        cache.keep_tag(&reference, &digest_of(b"1")).unwrap();
        cache.keep_tag(&reference, &digest_of(b"2")).unwrap();
        let text = std::fs::read_to_string(folder.path().join(reference.tag_file().unwrap()));
        assert_eq!(text.unwrap().trim(), digest_of(b"2").to_string());
    }
}
