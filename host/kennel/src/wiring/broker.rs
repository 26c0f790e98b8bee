//! How to reach the broker, for the crate that speaks to it.

use kennel_broker::{BrokerConfig, Credentials, Tls};
use kennel_config::IggyConfig;

/// The broker's own view of `[iggy]`.
pub(crate) fn broker_config(iggy: &IggyConfig) -> BrokerConfig {
    BrokerConfig {
        address: iggy.address.to_string(),
        credentials: match &iggy.credentials {
            kennel_config::Credentials::Password { username, password } => {
                Credentials::Password { username: username.clone(), password: password.clone() }
            }
            kennel_config::Credentials::Token(token) => Credentials::Token(token.clone()),
        },
        tls: iggy
            .tls
            .as_ref()
            .map(|tls| Tls { ca_file: tls.ca_file.clone(), domain: tls.domain.clone() }),
    }
}
