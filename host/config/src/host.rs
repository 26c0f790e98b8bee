//! What `kennel.toml` says about the host.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Serialize, Serializer};

use crate::policy::Policy;
use crate::size::ByteSize;

/// The whole of `kennel.toml`. All paths are absolute or relative to the working directory.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The broker.
    pub iggy: IggyConfig,
    /// Where the host keeps cursors, checkpoints and connector state.
    pub state: StateConfig,
    /// Where components are found and where compiled code is kept.
    pub components: ComponentsConfig,
    /// What all connectors' HTTP requests share.
    pub network: NetworkConfig,
    /// The host's own log.
    pub logging: LoggingConfig,
    /// Limits of the whole process.
    pub runtime: RuntimeConfig,
    /// Where connectors come from besides files. None: from nowhere.
    pub provider: Option<ProviderConfig>,
    /// What connectors may be granted. None: connector files are trusted as this one is.
    pub policy: Option<Policy>,
}

/// How to reach Apache Iggy.
#[derive(Debug, Clone)]
pub struct IggyConfig {
    /// TCP address of the server.
    pub address: ServerAddress,
    /// How to log in.
    pub credentials: Credentials,
    /// None: plain TCP.
    pub tls: Option<IggyTls>,
}

/// How to log in to the broker.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// User name and password; any characters.
    Password {
        /// Name of the user.
        username: String,
        /// Its password.
        password: SecretString,
    },
    /// A personal access token.
    Token(SecretString),
}

/// TLS towards the broker.
#[derive(Debug, Clone, Default)]
pub struct IggyTls {
    /// PEM file of the authorities to trust. None: the system's.
    pub ca_file: Option<PathBuf>,
    /// Name the certificate must carry. None: the host part of the address.
    pub domain: Option<String>,
}

/// Where the host keeps what must survive a restart.
#[derive(Debug, Clone)]
pub struct StateConfig {
    /// Folder; created when missing.
    pub path: PathBuf,
}

/// Components on disk.
#[derive(Debug, Clone)]
pub struct ComponentsConfig {
    /// Folder of compiled code and of components from registries; created when missing.
    pub cache: PathBuf,
    /// Folders searched, in order, for a component that is not beside its configuration file.
    pub search: Vec<PathBuf>,
    /// Registries, besides those of this machine, that are spoken to without TLS: `host` or
    /// `host:port`, as in the references.
    pub plain_http: Vec<String>,
}

/// What all connectors' HTTP requests share.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// PEM files of authorities that HTTPS servers may have, besides the public ones.
    pub ca_files: Vec<PathBuf>,
    /// Whether the authorities of the web, by Mozilla's list, are trusted.
    pub public_authorities: bool,
}

/// The host's own log.
#[derive(Debug, Clone)]
pub struct LoggingConfig {
    /// Shape of a line.
    pub format: LogFormat,
    /// Least severe level, or a filter such as `info,kennel_broker=debug`.
    pub level: String,
}

/// Shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    #[default]
    Auto,
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Limits of the whole process.
#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// How long a shutdown waits for batches in flight.
    pub drain_timeout: Duration,
    /// Refuse to start connectors whose memory limits add up to more than this. None: not checked.
    pub memory_budget: Option<ByteSize>,
}

/// A URL that answers connectors.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// `http://` or `https://`, without a user.
    pub url: String,
    /// Sent as a bearer token; only over TLS or within this machine.
    pub token: Option<SecretString>,
}

impl ProviderConfig {
    /// The URL as errors name it: what follows `?` may be nobody's business.
    pub fn shown(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }
}

/// A host name or address with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    host: String,
    port: u16,
}

/// Why a text is not a server address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerAddressError {
    /// It names a scheme.
    #[error("an address has no scheme")]
    Scheme,
    /// There is no `:port`, or it is not a number from 1 to 65535.
    #[error("the port is missing or not a number from 1 to 65535")]
    Port,
    /// The host part is empty or has characters that no host name has.
    #[error("the host is empty or not a host name")]
    Host,
}

impl ServerAddress {
    /// Host name or IP address, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for ServerAddress {
    type Err = ServerAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            return Err(ServerAddressError::Scheme);
        }
        let (host, port) = text.rsplit_once(':').ok_or(ServerAddressError::Port)?;
        let port = port.parse().ok().filter(|port| *port != 0).ok_or(ServerAddressError::Port)?;
        let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let valid = match bracketed {
            Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
            None => {
                !host.is_empty()
                    && host.bytes().all(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
                    })
            }
        };
        if !valid {
            return Err(ServerAddressError::Host);
        }
        Ok(Self { host: bracketed.unwrap_or(host).to_owned(), port })
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for ServerAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

impl Serialize for ServerAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_addresses_should_take_host_and_port_apart() {
        for (text, host, port) in [
            ("127.0.0.1:8090", "127.0.0.1", 8090),
            ("iggy.internal:1", "iggy.internal", 1),
            ("my_broker-0:65535", "my_broker-0", 65535),
            ("[::1]:8090", "::1", 8090),
        ] {
            let address: ServerAddress = text.parse().unwrap();
            assert_eq!((address.host(), address.port()), (host, port));
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn given_what_is_no_address_should_name_the_part() {
        for (text, error) in [
            ("", ServerAddressError::Port),
            ("localhost", ServerAddressError::Port),
            ("localhost:", ServerAddressError::Port),
            ("localhost:0", ServerAddressError::Port),
            ("localhost:65536", ServerAddressError::Port),
            ("tcp://localhost:8090", ServerAddressError::Scheme),
            (":8090", ServerAddressError::Host),
            ("::1:8090", ServerAddressError::Host),
            ("[::1:8090", ServerAddressError::Host),
            ("user@host:8090", ServerAddressError::Host),
        ] {
            assert_eq!(text.parse::<ServerAddress>(), Err(error), "{text}");
        }
    }
}
