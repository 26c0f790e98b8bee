//! The interfaces `secrets` and `reveal`: linked always, and every name is denied, because this
//! version has no way to grant a secret.

use wasmtime::component::Resource;

use crate::GuestData;
use crate::bindings::kennel::connector::{reveal, secrets};
use secrets::{Digest, Error, ScramAnswer};

/// A handle to a secret. None can be opened yet, so none exists.
#[derive(Debug)]
pub enum SecretHandle {}

fn denied() -> Error {
    Error::Denied("this connector has no secrets".to_owned())
}

impl secrets::Host for GuestData {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<SecretHandle>, Error>> {
        Ok(Err(Error::Denied(format!("secret {name:?} is not granted to this connector"))))
    }
}

impl secrets::HostSecret for GuestData {
    fn placeholder(
        &mut self,
        _secret: Resource<SecretHandle>,
    ) -> wasmtime::Result<Result<String, Error>> {
        Ok(Err(denied()))
    }

    fn scram(
        &mut self,
        _secret: Resource<SecretHandle>,
        _digest: Digest,
        _salt: Vec<u8>,
        _iterations: u32,
        _auth_message: Vec<u8>,
    ) -> wasmtime::Result<Result<ScramAnswer, Error>> {
        Ok(Err(denied()))
    }

    fn hmac(
        &mut self,
        _secret: Resource<SecretHandle>,
        _digest: Digest,
        _prefix: Vec<u8>,
        _data: Vec<u8>,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        Ok(Err(denied()))
    }

    fn drop(&mut self, secret: Resource<SecretHandle>) -> wasmtime::Result<()> {
        self.table.delete(secret)?;
        Ok(())
    }
}

impl reveal::Host for GuestData {
    fn reveal(
        &mut self,
        _secret: Resource<SecretHandle>,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        Ok(Err(denied()))
    }
}
