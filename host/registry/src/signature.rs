//! What cosign signs with a key: the bytes of a file, or a document that names a manifest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_config::{Digest, OciReference};
use serde::Deserialize;
use serde_json::json;

use crate::key::{PrivateKey, PublicKey};

const TYPE: &str = "cosign container image signature";
/// Largest signature in base64; those over P-256 have about 100 bytes.
const LARGEST_SIGNATURE: usize = 16 << 10;

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not base64.
    #[error("the signature is not base64")]
    Encoding,
    /// It is not one of these bytes by this key.
    #[error("the signature does not fit")]
    Wrong,
    /// The signed document is none of cosign's.
    #[error("what is signed is not cosign's document")]
    Payload,
    /// The signed document is about something else.
    #[error("what is signed is another component")]
    Other,
}

/// A signature of a manifest: the signed document and its signature in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageSignature {
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: String,
}

/// cosign's simple signing document, as far as it decides.
#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    r#type: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

impl ImageSignature {
    /// Signs the manifest with this digest.
    pub(crate) fn new(
        reference: &OciReference,
        digest: &Digest,
        key: &PrivateKey,
    ) -> Result<Self, crate::KeyError> {
        let place = format!("{}/{}", reference.registry(), reference.name());
        let payload = json!({
            "critical": {
                "identity": { "docker-reference": place },
                "image": { "docker-manifest-digest": digest },
                "type": TYPE,
            },
            "optional": null,
        })
        .to_string()
        .into_bytes();
        let signature = key.sign(&payload)?;
        Ok(Self { payload, signature })
    }

    /// Whether `key` signed the manifest with this digest.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn verify(&self, digest: &Digest, key: &PublicKey) -> Result<(), SignatureError> {
        verify_bytes(&self.payload, &self.signature, key)?;
        // Only what is signed is looked at.
        let payload: Payload =
            serde_json::from_slice(&self.payload).map_err(|_| SignatureError::Payload)?;
        if payload.critical.r#type != TYPE {
            return Err(SignatureError::Payload);
        }
        match payload.critical.image.digest == digest.to_string() {
            true => Ok(()),
            false => Err(SignatureError::Other),
        }
    }
}

/// Whether `signature`, in base64, is one of `bytes` by `key`.
pub(crate) fn verify_bytes(
    bytes: &[u8],
    signature: &str,
    key: &PublicKey,
) -> Result<(), SignatureError> {
    let signature = signature.trim();
    if signature.len() > LARGEST_SIGNATURE {
        return Err(SignatureError::Encoding);
    }
    let signature = STANDARD.decode(signature).map_err(|_| SignatureError::Encoding)?;
    match key.verify(bytes, &signature) {
        true => Ok(()),
        false => Err(SignatureError::Wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest_of;

    fn reference() -> OciReference {
        "oci://r.example/acme/sink:1".parse().unwrap()
    }

    fn key() -> (PrivateKey, PublicKey) {
        let key = PrivateKey::generate().unwrap();
        let public = key.public();
        (key, public)
    }

    #[test]
    fn given_a_signature_should_fit_its_manifest_and_key_alone() {
        let ((key, public), (_, other)) = (key(), key());
        let digest = digest_of(b"manifest");
        let signature = ImageSignature::new(&reference(), &digest, &key).unwrap();
        assert_eq!(signature.verify(&digest, &public), Ok(()));
        assert_eq!(signature.verify(&digest, &other), Err(SignatureError::Wrong));
        assert_eq!(signature.verify(&digest_of(b"x"), &public), Err(SignatureError::Other));
    }

    #[test]
    fn given_a_signature_that_was_touched_should_refuse_it() {
        let (key, public) = key();
        let digest = digest_of(b"manifest");
        let good = ImageSignature::new(&reference(), &digest, &key).unwrap();
        let other = digest_of(b"other");

        let mut payload = good.clone();
        let text = String::from_utf8(good.payload.clone()).unwrap();
        payload.payload = text.replace(&digest.hex(), &other.hex()).into_bytes();
        assert_ne!(payload.payload, good.payload);
        assert_eq!(payload.verify(&other, &public), Err(SignatureError::Wrong));

        let mut borrowed = ImageSignature::new(&reference(), &other, &key).unwrap();
        borrowed.signature.clone_from(&good.signature);
        assert_eq!(borrowed.verify(&other, &public), Err(SignatureError::Wrong));

        for length in 0..good.signature.len() {
            let signature = good.signature[..length].to_owned();
            let cut = ImageSignature { payload: good.payload.clone(), signature };
            assert!(cut.verify(&digest, &public).is_err(), "cut to {length}");
        }
        for text in ["", "!", "AAAA", &"A".repeat(LARGEST_SIGNATURE + 4)] {
            let signature = (*text).to_owned();
            let wrong = ImageSignature { payload: good.payload.clone(), signature };
            assert!(wrong.verify(&digest, &public).is_err());
        }
    }

    #[test]
    fn given_a_signed_document_of_another_kind_should_refuse_it() {
        let (key, public) = key();
        let digest = digest_of(b"manifest");
        for payload in [
            json!({}),
            json!({ "critical": { "image": { "docker-manifest-digest": digest } } }),
            json!({ "critical": {
                "image": { "docker-manifest-digest": digest }, "type": "atomic container signature"
            } }),
        ] {
            let payload = payload.to_string().into_bytes();
            let signature = key.sign(&payload).unwrap();
            let signed = ImageSignature { payload, signature };
            assert_eq!(signed.verify(&digest, &public), Err(SignatureError::Payload));
        }
        // The bytes of a file are no document.
        let signature = key.sign(b"manifest").unwrap();
        let signed = ImageSignature { payload: b"manifest".to_vec(), signature };
        assert_eq!(signed.verify(&digest, &public), Err(SignatureError::Payload));
    }
}
