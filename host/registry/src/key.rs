//! Keys as cosign keeps them: ECDSA over P-256, in PEM files.

mod sealed;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_config::Digest;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use secrecy::SecretString;
use serde::Serialize;

use crate::digest_of;

const PUBLIC: &str = "PUBLIC KEY";
const PRIVATE: &str = "PRIVATE KEY";
/// What stands in front of the point in the DER of every public key over P-256.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// A point that is not compressed.
const POINT: usize = 65;

/// Why a file is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM.
    #[error("it is not a PEM file")]
    Pem,
    /// A private key where a public one belongs.
    #[error("it is a private key; the public one (.pub) belongs here")]
    Private,
    /// A public key where a private one belongs.
    #[error("it is a public key; the private one (.key) belongs here")]
    Public,
    /// An older form of private key.
    #[error(
        "it is an `EC PRIVATE KEY`; `openssl pkcs8 -topk8 -nocrypt -in KEY -out NEW` brings it into \
         the form that is read"
    )]
    Sec1,
    /// Another kind of PEM, or of key.
    #[error("it is no ECDSA key over P-256, the kind that cosign makes")]
    Kind,
    /// The key is encrypted.
    #[error("it is encrypted: set KENNEL_KEY_PASSWORD (or COSIGN_PASSWORD) to its password")]
    PasswordNeeded,
    /// It cannot be decrypted.
    #[error("it cannot be decrypted with this password, or is damaged")]
    Password,
    /// The system has no randomness to give.
    #[error("the system gives no random numbers")]
    Random,
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    point: [u8; POINT],
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Signer {
    /// The key's name: the file it was read from, as it was written.
    pub name: String,
    /// SHA-256 of the public key in DER.
    pub fingerprint: Digest,
}

impl fmt::Display for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.name, self.fingerprint)
    }
}

impl PublicKey {
    /// Reads a PEM file such as `cosign.pub`; `name` is what it is called when it has signed.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_pem(name: &str, text: &str) -> Result<Self, KeyError> {
        let file = pem::parse(text).map_err(|_| KeyError::Pem)?;
        match file.tag() {
            PUBLIC => {}
            tag if tag.ends_with("PRIVATE KEY") => return Err(KeyError::Private),
            _ => return Err(KeyError::Kind),
        }
        let point = file.contents().strip_prefix(&P256).and_then(|point| point.try_into().ok());
        let key = Self { name: name.to_owned(), point: point.ok_or(KeyError::Kind)? };
        // Whether it is a point of the curve shows only in use; a key that is none never verifies.
        if key.point.first() != Some(&4) {
            return Err(KeyError::Kind);
        }
        Ok(key)
    }

    /// The file, as cosign writes it.
    pub fn to_pem(&self) -> String {
        encode(PUBLIC, self.der())
    }

    /// Who signs with it.
    pub fn signer(&self) -> Signer {
        Signer { name: self.name.clone(), fingerprint: digest_of(&self.der()) }
    }

    /// Whether `signature`, in ASN.1, is one of `bytes` by this key.
    pub(crate) fn verify(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &self.point);
        key.verify(bytes, signature).is_ok()
    }

    fn der(&self) -> Vec<u8> {
        [&P256[..], &self.point[..]].concat()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({})", self.signer())
    }
}

/// A key that signs. It prints as nothing.
pub struct PrivateKey {
    pair: EcdsaKeyPair,
    /// PKCS#8, in DER.
    document: Vec<u8>,
}

impl PrivateKey {
    /// A new key.
    ///
    /// # Errors
    /// Without randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .map_err(|_| KeyError::Random)?;
        Self::from_der(document.as_ref().to_vec())
    }

    /// Reads a PEM file: PKCS#8, or cosign's encrypted form, which needs the password.
    ///
    /// Decrypting takes part of a second and some 64 MiB.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_pem(text: &str, password: Option<&SecretString>) -> Result<Self, KeyError> {
        let file = pem::parse(text).map_err(|_| KeyError::Pem)?;
        match file.tag() {
            PRIVATE => Self::from_der(file.into_contents()),
            tag if sealed::TAGS.contains(&tag) => {
                let password = password.ok_or(KeyError::PasswordNeeded)?;
                Self::from_der(sealed::open(file.contents(), password)?)
            }
            "EC PRIVATE KEY" => Err(KeyError::Sec1),
            PUBLIC => Err(KeyError::Public),
            _ => Err(KeyError::Kind),
        }
    }

    fn from_der(document: Vec<u8>) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &document, &random)
            .map(|pair| Self { pair, document })
            .map_err(|_| KeyError::Kind)
    }

    /// The file: in cosign's encrypted form with a password, else plain PKCS#8.
    ///
    /// # Errors
    /// Without randomness.
    pub fn to_pem(&self, password: Option<&SecretString>) -> Result<SecretString, KeyError> {
        Ok(match password {
            Some(password) => encode(sealed::TAG, sealed::seal(&self.document, password)?).into(),
            None => encode(PRIVATE, self.document.clone()).into(),
        })
    }

    /// The key that verifies.
    pub fn public(&self) -> PublicKey {
        let mut point = [0; POINT];
        let bytes = self.pair.public_key().as_ref();
        // Over P-256 it has just this length.
        if bytes.len() == POINT {
            point.copy_from_slice(bytes);
        }
        PublicKey { name: "this key".to_owned(), point }
    }

    /// A signature of `bytes` as cosign writes it: ASN.1, in base64.
    ///
    /// # Errors
    /// Without randomness.
    pub fn sign(&self, bytes: &[u8]) -> Result<String, KeyError> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes);
        signature.map(|signature| STANDARD.encode(signature)).map_err(|_| KeyError::Random)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PrivateKey")
    }
}

fn encode(tag: &str, contents: Vec<u8>) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new(tag, contents), config)
}
