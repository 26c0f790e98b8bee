//! How to reach a broker and who we are there.

use std::path::PathBuf;

use iggy::prelude::{
    AutoLogin, Credentials as ClientCredentials, TcpClientConfig, TcpClientReconnectionConfig,
};
use secrecy::SecretString;

use crate::error::BrokerError;

/// One broker and the identity to use there. The pieces never pass through a connection string, so a
/// password may hold any character.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// `host:port` of the broker's TCP listener.
    pub address: String,
    /// Who signs in.
    pub credentials: Credentials,
    /// Present: the connection is encrypted and the broker's certificate is verified.
    pub tls: Option<Tls>,
}

/// Who signs in. Secrets print as redacted.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A user by name.
    Password {
        /// Name of the user, 3 to 50 bytes.
        username: String,
        /// The password, 3 to 100 bytes of any characters.
        password: SecretString,
    },
    /// A personal access token.
    Token(SecretString),
}

/// How to verify the broker's certificate. There is no way to switch verification off.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM file with the trusted authorities; without it the public web roots are trusted.
    pub ca_file: Option<PathBuf>,
    /// The name the certificate must carry; without it the host part of the address.
    pub domain: Option<String>,
}

impl BrokerConfig {
    pub(crate) fn client_config(&self) -> Result<TcpClientConfig, BrokerError> {
        let mut config = TcpClientConfig {
            server_address: self.address.clone(),
            auto_login: AutoLogin::Enabled(self.credentials.client_credentials()),
            // A lost connection also lost its group membership, and a replayed send may double: both
            // are decisions of the caller, so the client never redials by itself.
            reconnection: TcpClientReconnectionConfig {
                enabled: false,
                max_retries: Some(0),
                ..TcpClientReconnectionConfig::default()
            },
            // A request is two writes; with Nagle's algorithm the second one waits for an acknowledgement.
            nodelay: true,
            ..TcpClientConfig::default()
        };
        if let Some(tls) = &self.tls {
            config.tls_enabled = true;
            config.tls_validate_certificate = true;
            config.tls_domain = tls.domain.clone().unwrap_or_default();
            config.tls_ca_file = match &tls.ca_file {
                None => None,
                Some(path) => Some(path.to_str().map(str::to_owned).ok_or_else(|| {
                    BrokerError::Configuration(format!(
                        "the path of the CA file `{}` is not UTF-8",
                        path.display()
                    ))
                })?),
            };
        }
        Ok(config)
    }
}

impl Credentials {
    fn client_credentials(&self) -> ClientCredentials {
        match self {
            Self::Password { username, password } => {
                ClientCredentials::UsernamePassword(username.clone(), password.clone())
            }
            Self::Token(token) => ClientCredentials::PersonalAccessToken(token.clone()),
        }
    }
}
