//! A private key under a password, in cosign's form: scrypt makes the key of a NaCl secret box.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{Key, KeyInit as _, Nonce, XSalsa20Poly1305};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::KeyError;

/// What cosign writes, and what it wrote before.
pub(super) const TAGS: [&str; 2] = [TAG, "ENCRYPTED COSIGN PRIVATE KEY"];
pub(super) const TAG: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";

const SCRYPT: &str = "scrypt";
const SECRET_BOX: &str = "nacl/secretbox";
/// cosign's: 64 MiB for part of a second.
const COST: Cost = Cost { n: 65536, r: 8, p: 1 };
/// A file must not make us spend more than this.
const HIGHEST: Cost = Cost { n: 1 << 18, r: 8, p: 4 };

#[derive(Serialize, Deserialize)]
struct Sealed {
    kdf: Derivation,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Derivation {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u32,
    r: u32,
    p: u32,
}

/// The document inside.
pub(super) fn open(file: &[u8], password: &SecretString) -> Result<Vec<u8>, KeyError> {
    let sealed: Sealed = serde_json::from_slice(file).map_err(|_| KeyError::Password)?;
    if sealed.kdf.name != SCRYPT || sealed.cipher.name != SECRET_BOX {
        return Err(KeyError::Kind);
    }
    let decode = |text: &str| STANDARD.decode(text).map_err(|_| KeyError::Password);
    let secret_box = secret_box(password, &decode(&sealed.kdf.salt)?, sealed.kdf.params)?;
    let nonce: [u8; 24] =
        decode(&sealed.cipher.nonce)?.try_into().map_err(|_| KeyError::Password)?;
    let ciphertext = decode(&sealed.ciphertext)?;
    secret_box.decrypt(&Nonce::from(nonce), &*ciphertext).map_err(|_| KeyError::Password)
}

/// The document under a password.
pub(super) fn seal(document: &[u8], password: &SecretString) -> Result<Vec<u8>, KeyError> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    getrandom::fill(&mut salt).map_err(|_| KeyError::Random)?;
    getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
    let secret_box = secret_box(password, &salt, COST)?;
    let ciphertext =
        secret_box.encrypt(&Nonce::from(nonce), document).map_err(|_| KeyError::Kind)?;
    let salt = STANDARD.encode(salt);
    let sealed = Sealed {
        kdf: Derivation { name: SCRYPT.to_owned(), params: COST, salt },
        cipher: Cipher { name: SECRET_BOX.to_owned(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode(ciphertext),
    };
    serde_json::to_vec(&sealed).map_err(|_| KeyError::Kind)
}

fn secret_box(
    password: &SecretString,
    salt: &[u8],
    cost: Cost,
) -> Result<XSalsa20Poly1305, KeyError> {
    let sane = cost.n <= HIGHEST.n && cost.r <= HIGHEST.r && cost.p <= HIGHEST.p;
    if !sane || !cost.n.is_power_of_two() {
        return Err(KeyError::Kind);
    }
    let log_n = u8::try_from(cost.n.trailing_zeros()).map_err(|_| KeyError::Kind)?;
    let parameters = scrypt::Params::new(log_n, cost.r, cost.p, scrypt::Params::RECOMMENDED_LEN)
        .map_err(|_| KeyError::Kind)?;
    let mut key = Key::default();
    scrypt::scrypt(password.expose_secret().as_bytes(), salt, &parameters, &mut key)
        .map_err(|_| KeyError::Kind)?;
    Ok(XSalsa20Poly1305::new(&key))
}
