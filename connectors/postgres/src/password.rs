//! A password that does not show itself, or the name of one that stays in the host.

use std::fmt;

use kennel_sdk::prelude::*;
use kennel_sdk::secrets::{Secret, SecretError};

use crate::ClientError;

/// A password. Its debug output does not tell it.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("writeOnly" = true))]
pub enum Password {
    /// The password in plain text.
    Plain(String),
    /// A secret that stays in the host: `{ secret = "password" }`.
    Granted(GrantedPassword),
}

/// A password that the component uses without learning it. SCRAM needs nothing else; for MD5 and clear text the secret has to
/// be granted under `[grants] reveal` too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantedPassword {
    /// Its name under `[grants] secrets`.
    pub secret: String,
}

impl Password {
    /// The password itself, for a login that sends it or a digest of it.
    pub(crate) fn in_clear(&self, login: &str) -> Result<Vec<u8>, ClientError> {
        match self {
            Self::Plain(password) => Ok(password.clone().into_bytes()),
            Self::Granted(granted) => {
                granted.open()?.reveal().map_err(|error| refused(login, &error))
            }
        }
    }
}

impl GrantedPassword {
    /// A handle to it.
    pub(crate) fn open(&self) -> Result<Secret, ClientError> {
        Secret::open(&self.secret).map_err(|error| ClientError::Login(error.to_string()))
    }
}

fn refused(login: &str, error: &SecretError) -> ClientError {
    ClientError::Login(format!(
        "the server asks for {login}, for which the component has to learn the password ({error}); \
         better let the server use scram-sha-256"
    ))
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(_) => formatter.write_str("Password(…)"),
            Self::Granted(granted) => granted.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kennel_sdk::testing;

    #[test]
    fn given_a_granted_password_should_need_more_to_learn_it() {
        let password: Password = serde_json::from_str(r#"{ "secret": "pw" }"#).unwrap();
        let refused = password.in_clear("an MD5 login").unwrap_err().to_string();
        assert!(refused.contains("not granted"), "{refused}");
        testing::set_secret("pw", "s3cret");
        let refused = password.in_clear("an MD5 login").unwrap_err().to_string();
        assert!(refused.contains("an MD5 login") && refused.contains("scram-sha-256"), "{refused}");
        assert!(!refused.contains("s3cret"), "{refused}");
        testing::reveal_secrets(true);
        assert_eq!(password.in_clear("an MD5 login").unwrap(), b"s3cret");
    }
}
