//! The HTTP client that all connectors of a host share.

use std::sync::Arc;

use kennel_config::NetworkConfig;
use kennel_sandbox::capability::http::{HttpClient, HttpClientError, Trust};
use kennel_sandbox::capability::network::SystemResolver;

/// A client as `[network]` says.
///
/// # Errors
/// When the authorities cannot be loaded.
pub(crate) fn http_client(network: &NetworkConfig) -> Result<HttpClient, HttpClientError> {
    let NetworkConfig { ca_files, public_authorities } = network;
    let trust = Trust { public: *public_authorities, files: ca_files.clone() };
    HttpClient::with(&trust, Arc::new(SystemResolver))
}
