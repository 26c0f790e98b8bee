//! Secrets that the operator granted under `[grants] secrets`, used without being learnt.
//!
//! ```no_run
//! use kennel_sdk::http::Request;
//! use kennel_sdk::secrets::{Secret, SecretError};
//!
//! fn request() -> Result<Request, SecretError> {
//!     // The host puts the value in its place when it sends the request.
//!     let token = Secret::open("token")?.placeholder()?;
//!     Ok(Request::get("https://api.example.com/").header("authorization", format!("Bearer {token}")))
//! }
//! ```

use std::fmt;

use crate::glue::common::kennel::connector::secrets as wit;
use crate::host;

pub use wit::{Digest, ScramAnswer};

/// A handle to one secret.
#[derive(Debug)]
pub struct Secret(host::Secret);

/// Why the host refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretError {
    /// Not granted to this connector; the text has the line that grants it.
    Denied(String),
    /// Granted, but its value is not there.
    Unknown(String),
    /// Anything else.
    Other(String),
}

impl Secret {
    /// The secret that `[grants] secrets` gives this name.
    ///
    /// # Errors
    /// If it is not granted.
    pub fn open(name: &str) -> Result<Self, SecretError> {
        Ok(Self(host::open_secret(name)?))
    }

    /// Text that the host replaces by the value in the headers of outgoing requests, also within `Basic` credentials, if the
    /// request goes to a host that is granted for the secret. It stays the same for the life of the component's instance.
    ///
    /// # Errors
    /// If the host refuses.
    pub fn placeholder(&self) -> Result<String, SecretError> {
        Ok(self.0.placeholder()?)
    }

    /// The client's proof and the server's signature of a SCRAM login (RFC 5802) with the value as password.
    /// `auth_message` is the three messages, joined by commas.
    ///
    /// # Errors
    /// If the host refuses: fewer than 4,096 iterations, or more than 1,000,000.
    pub fn scram(
        &self,
        digest: Digest,
        salt: &[u8],
        iterations: u32,
        auth_message: &[u8],
    ) -> Result<ScramAnswer, SecretError> {
        Ok(self.0.scram(digest, salt, iterations, auth_message)?)
    }

    /// HMAC of `data` with `prefix` and the value as key.
    ///
    /// # Errors
    /// If the host refuses.
    pub fn hmac(&self, digest: Digest, prefix: &[u8], data: &[u8]) -> Result<Vec<u8>, SecretError> {
        Ok(self.0.hmac(digest, prefix, data)?)
    }

    /// The value itself. Needs `[grants] reveal` as well.
    ///
    /// # Errors
    /// If that is not granted.
    pub fn reveal(&self) -> Result<Vec<u8>, SecretError> {
        Ok(host::reveal(&self.0)?)
    }
}

/// `text` with each `${secret:name}` replaced by the placeholder of that secret. For header values in a configuration.
///
/// # Errors
/// If a secret is not granted, or a `${secret:` has no end.
pub fn fill(text: &str) -> Result<String, SecretError> {
    const BEGIN: &str = "${secret:";
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(SecretError::Other(format!("`{BEGIN}` without a closing brace")));
        };
        filled.push_str(before);
        filled.push_str(&Secret::open(name)?.placeholder()?);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

impl fmt::Display for SecretError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(detail) | Self::Unknown(detail) | Self::Other(detail) => {
                formatter.write_str(detail)
            }
        }
    }
}

impl std::error::Error for SecretError {}

impl From<wit::Error> for SecretError {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Denied(detail) => Self::Denied(detail),
            wit::Error::Unknown(detail) => Self::Unknown(detail),
            wit::Error::Other(detail) => Self::Other(detail),
        }
    }
}

/// The operator has to do something in each of these cases.
impl From<SecretError> for crate::Error {
    fn from(error: SecretError) -> Self {
        Self::unauthorized(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn given_a_secret_should_do_everything_but_reveal_it() {
        testing::set_secret("password", "pencil");
        let secret = Secret::open("password").unwrap();
        let placeholder = secret.placeholder().unwrap();
        assert!(!placeholder.contains("pencil"), "{placeholder}");
        assert_eq!(Secret::open("password").unwrap().placeholder().unwrap(), placeholder);
        assert!(matches!(secret.reveal(), Err(SecretError::Denied(_))));
        testing::reveal_secrets(true);
        assert_eq!(secret.reveal().unwrap(), b"pencil");
        assert!(matches!(Secret::open("other"), Err(SecretError::Denied(_))));
    }

    #[test]
    fn given_the_example_of_rfc_7677_should_answer_as_it_does() {
        testing::set_secret("password", "pencil");
        let secret = Secret::open("password").unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let salt = [
            0x5b, 0x6d, 0x99, 0x68, 0x9d, 0x12, 0x35, 0x8e, 0xec, 0xa0, 0x4b, 0x14, 0x12, 0x36,
            0xfa, 0x81,
        ];
        let answer = secret.scram(Digest::Sha256, &salt, 4096, message.as_bytes()).unwrap();
        assert_eq!(answer.client_proof[..4], [0x74, 0x7c, 0xdb, 0x65]);
        assert_eq!(answer.server_signature[..4], [0xea, 0xba, 0xe2, 0x4d]);
        assert!(secret.scram(Digest::Sha256, &salt, 4095, b"").is_err());
        let signed = secret.hmac(Digest::Sha256, b"pre", b"data").unwrap();
        assert_eq!(signed.len(), 32);
    }

    #[test]
    fn given_a_template_should_put_placeholders_in_their_places() {
        testing::set_secret("a", "one");
        testing::set_secret("b", "two");
        let placeholder = |name: &str| Secret::open(name).unwrap().placeholder().unwrap();
        let (a, b) = (placeholder("a"), placeholder("b"));
        assert_eq!(fill("Bearer ${secret:a}").unwrap(), format!("Bearer {a}"));
        assert_eq!(fill("${secret:a}${secret:b}.").unwrap(), format!("{a}{b}."));
        for plain in ["", "plain", "${other:a}", "$secret:a}", "{a}"] {
            assert_eq!(fill(plain).unwrap(), plain);
        }
        assert!(matches!(fill("${secret:c}"), Err(SecretError::Denied(_))));
        assert!(matches!(fill("${secret:a"), Err(SecretError::Other(_))));
    }
}
