//! Secrets of the test world. It computes what the host computes, because a server under test checks the answers.

use std::collections::BTreeMap;

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::{Sha256, Sha512};

use super::world::with;
use crate::glue::common::kennel::connector::secrets::{Digest, Error, ScramAnswer};

/// The secrets of one world.
#[derive(Default)]
pub(super) struct Secrets {
    values: BTreeMap<String, String>,
    revealed: bool,
}

/// Grants a secret.
pub fn set_secret(name: &str, value: &str) {
    with(|world| world.secrets.values.insert(name.to_owned(), value.to_owned()));
}

/// Grants to reveal all secrets, or not.
pub fn reveal_secrets(granted: bool) {
    with(|world| world.secrets.revealed = granted);
}

/// What stands for a handle of the host.
#[derive(Debug)]
pub(crate) struct Secret {
    name: String,
}

pub(crate) fn open_secret(name: &str) -> Result<Secret, Error> {
    with(|world| match world.secrets.values.contains_key(name) {
        true => Ok(Secret { name: name.to_owned() }),
        false => Err(Error::Denied(format!("the secret {name:?} is not granted"))),
    })
}

pub(crate) fn reveal(secret: &Secret) -> Result<Vec<u8>, Error> {
    match with(|world| world.secrets.revealed) {
        true => Ok(secret.value().into_bytes()),
        false => Err(Error::Denied(format!("the secret {:?} is not revealed", secret.name))),
    }
}

impl Secret {
    fn value(&self) -> String {
        with(|world| world.secrets.values.get(&self.name).cloned()).unwrap_or_default()
    }

    pub(crate) fn placeholder(&self) -> Result<String, Error> {
        Ok(format!("placeholder-of-{}", self.name))
    }

    pub(crate) fn scram(
        &self,
        digest: Digest,
        salt: &[u8],
        iterations: u32,
        message: &[u8],
    ) -> Result<ScramAnswer, Error> {
        if iterations < 4096 {
            return Err(Error::Other("fewer than 4096 iterations".to_owned()));
        }
        let password = self.value().into_bytes();
        Ok(match digest {
            Digest::Sha256 => prove::<Hmac<Sha256>, Sha256>(&password, salt, iterations, message),
            Digest::Sha512 => prove::<Hmac<Sha512>, Sha512>(&password, salt, iterations, message),
        })
    }

    pub(crate) fn hmac(
        &self,
        digest: Digest,
        prefix: &[u8],
        data: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let key = [prefix, self.value().as_bytes()].concat();
        Ok(match digest {
            Digest::Sha256 => mac::<Hmac<Sha256>>(&key, data),
            Digest::Sha512 => mac::<Hmac<Sha512>>(&key, data),
        })
    }
}

/// RFC 5802, section 3.
fn prove<M: Mac + KeyInit, D: sha2::Digest>(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    message: &[u8],
) -> ScramAnswer {
    let mut block = mac::<M>(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut salted = block.clone();
    for _ in 1..iterations {
        block = mac::<M>(password, &block);
        salted = xor(&salted, &block);
    }
    let client_key = mac::<M>(&salted, b"Client Key");
    let signature = mac::<M>(&D::digest(&client_key), message);
    let server_key = mac::<M>(&salted, b"Server Key");
    ScramAnswer {
        client_proof: xor(&client_key, &signature),
        server_signature: mac::<M>(&server_key, message),
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, but the trait cannot say so.
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn xor(left: &[u8], right: &[u8]) -> Vec<u8> {
    left.iter().zip(right).map(|(left, right)| left ^ right).collect()
}
