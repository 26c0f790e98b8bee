//! The interfaces `secrets` and `reveal`: a guest uses a secret by a handle and does not learn its value.
//!
//! * a *placeholder* is text that the host replaces in outgoing HTTP headers, see [`placeholder`]
//! * *SCRAM* and *HMAC* are computed here, see [`scram`] and [`hmac`]
//! * *reveal* gives the value away and is a grant of its own
//!
//! What remains possible, and cannot be otherwise: an endpoint that echoes its headers tells the guest the
//! value, and whoever may use SCRAM or HMAC can try out guesses of a weak secret against the answers.

mod hmac;
mod offload;
mod placeholder;
mod scram;
mod source;
mod store;

use wasmtime::component::Resource;

use crate::GuestData;
use crate::bindings::kennel::connector::{reveal, secrets};
use secrets::{Digest, Error, ScramAnswer};

pub use source::{SecretFile, SecretSource, UnreadableSecret};
pub(crate) use store::SecretStore;
pub use store::{SecretGrant, SecretHosts};

/// A handle to one of the secrets granted to the store.
#[derive(Debug)]
pub struct SecretHandle {
    /// Its place among the store's grants.
    index: usize,
}

impl GuestData {
    fn secret_index(&self, secret: &Resource<SecretHandle>) -> wasmtime::Result<usize> {
        Ok(self.table.get(secret)?.index)
    }
}

impl secrets::Host for GuestData {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<SecretHandle>, Error>> {
        Ok(match self.secrets.find(&name) {
            Ok(index) => Ok(self.table.push(SecretHandle { index })?),
            Err(error) => Err(error),
        })
    }
}

impl secrets::HostSecret for GuestData {
    fn placeholder(
        &mut self,
        secret: Resource<SecretHandle>,
    ) -> wasmtime::Result<Result<String, Error>> {
        let index = self.secret_index(&secret)?;
        Ok(self.secrets.placeholder(index))
    }

    async fn scram(
        &mut self,
        secret: Resource<SecretHandle>,
        digest: Digest,
        salt: Vec<u8>,
        iterations: u32,
        auth_message: Vec<u8>,
    ) -> wasmtime::Result<Result<ScramAnswer, Error>> {
        let index = self.secret_index(&secret)?;
        let challenge = match scram::Challenge::new(digest, salt, iterations, auth_message) {
            Ok(challenge) => challenge,
            Err(detail) => return Ok(Err(Error::Other(detail))),
        };
        Ok(match self.secrets.value(index) {
            Ok(value) => challenge.answer(value).await,
            Err(error) => Err(error),
        })
    }

    async fn hmac(
        &mut self,
        secret: Resource<SecretHandle>,
        digest: Digest,
        prefix: Vec<u8>,
        data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let index = self.secret_index(&secret)?;
        Ok(match self.secrets.value(index) {
            Ok(value) => hmac::sign(digest, prefix, value, data).await,
            Err(error) => Err(error),
        })
    }

    fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl reveal::Host for GuestData {
    fn reveal(
        &mut self,
        secret: Resource<SecretHandle>,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let index = self.secret_index(&secret)?;
        Ok(self.secrets.reveal(index))
    }
}
