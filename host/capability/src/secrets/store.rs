//! The secrets granted to one store, and every rule about them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime_wasi_http::Error as HttpError;

use super::placeholder::Placeholders;
use super::source::{SecretSource, SecretValue, UnreadableSecret};
use crate::bindings::kennel::connector::secrets::Error;
use crate::denials::Denials;

/// Longest part of a name that is repeated in an error. Bytes.
const MAX_NAME: usize = 64;

/// Decides whether a secret may be sent to a host.
///
/// The grammar of hosts belongs to the configuration; this crate only asks.
pub trait SecretHosts: Send + Sync + Debug {
    /// May it go to `scheme://host:port`? `host` is lower case without brackets.
    fn allow(&self, scheme: &str, host: &str, port: u16) -> bool;
}

/// One secret that a guest may use under a name.
#[derive(Debug, Clone)]
pub struct SecretGrant {
    /// What the guest calls it.
    pub name: String,
    /// Where its value is; shared by all instances.
    pub source: Arc<SecretSource>,
    /// Where its placeholder may be sent. `None`: to every host of the `http` grant over https, and over
    /// http to this machine.
    pub hosts: Option<Arc<dyn SecretHosts>>,
    /// Whether the guest may learn the value.
    pub reveal: bool,
}

/// The secrets of one store. The host functions and the HTTP client share it.
#[derive(Debug)]
pub(crate) struct SecretStore {
    grants: Vec<SecretGrant>,
    denials: Arc<Denials>,
    placeholders: Mutex<Placeholders>,
}

impl SecretStore {
    pub(crate) fn new(grants: Vec<SecretGrant>, denials: Arc<Denials>) -> Self {
        Self { grants, denials, placeholders: Mutex::default() }
    }

    /// The place of the secret that the guest calls `name`.
    pub(super) fn find(&self, name: &str) -> Result<usize, Error> {
        self.grants.iter().position(|grant| grant.name == name).ok_or_else(|| {
            let name = name[..name.floor_char_boundary(MAX_NAME)].escape_debug();
            Error::Denied(self.denied(
                "secret_denied",
                &format!(
                    "the secret \"{name}\" is not granted; the line that grants it: \
                     [grants] secrets = {{ {name} = \"secret://env/NAME\" }}"
                ),
            ))
        })
    }

    /// The value as it is now.
    pub(super) fn value(&self, index: usize) -> Result<SecretValue, Error> {
        let grant = self.grant(index)?;
        grant.source.value().map_err(|error| {
            let name = &grant.name;
            let missing = matches!(error, UnreadableSecret::Missing { .. });
            let code = if missing { "secret_unknown" } else { "secret_unreadable" };
            self.denied(code, &format!("the secret \"{name}\" has no value: {error}"));
            // Where the host keeps it is nothing to the guest.
            let text =
                format!("{code}: the secret \"{name}\" has no value; the host's log says why");
            if missing { Error::Unknown(text) } else { Error::Other(text) }
        })
    }

    /// Text that stands for the value.
    pub(super) fn placeholder(&self, index: usize) -> Result<String, Error> {
        self.grant(index)?;
        self.placeholders()
            .of(index)
            .map_err(|error| Error::Other(format!("the host has no randomness: {error}")))
    }

    /// The value itself, where that is granted.
    pub(super) fn reveal(&self, index: usize) -> Result<Vec<u8>, Error> {
        let grant = self.grant(index)?;
        if !grant.reveal {
            let name = &grant.name;
            return Err(Error::Denied(self.denied(
                "reveal_denied",
                &format!(
                    "the value of the secret \"{name}\" is not for this component; the line that gives it: \
                     [grants] reveal = [\"{name}\"]"
                ),
            )));
        }
        Ok(self.value(index)?.expose().to_vec())
    }

    /// Puts values in the place of placeholders in the headers of a granted request that is about to be sent.
    ///
    /// # Errors
    /// [`HttpError::HttpRequestDenied`] if a secret may not go there, cannot be read, or cannot stand in a header;
    /// the log says which.
    pub(crate) fn replace_placeholders<B>(
        &self,
        request: &mut http::Request<B>,
    ) -> Result<(), HttpError> {
        if self.placeholders().is_empty() {
            return Ok(());
        }
        let uri = request.uri().to_string();
        let in_uri = self.placeholders().find(uri.as_bytes()).next();
        if let Some((_, index)) = in_uri {
            let name = &self.grant(index).map_err(denied)?.name;
            let text = format!(
                "the placeholder of the secret \"{name}\" stands in a URL; it is replaced in the \
                 values of headers only"
            );
            self.denied("secret_host_denied", &text);
            return Err(HttpError::HttpRequestDenied);
        }
        let used = self.placeholders().used(request.headers());
        let mut values = BTreeMap::new();
        for index in used {
            self.check_host(index, request.uri())?;
            values.insert(index, self.value(index).map_err(denied)?);
        }
        if values.is_empty() {
            return Ok(());
        }
        let replaced = self.placeholders().replace(request.headers_mut(), &values);
        replaced.map_err(|not_a_header| {
            if let Ok(grant) = self.grant(not_a_header.index) {
                let text = format!(
                    "the value of the secret \"{}\" holds a line break or control character and cannot \
                     stand in a header",
                    grant.name
                );
                self.denied("secret_unreadable", &text);
            }
            HttpError::HttpRequestDenied
        })
    }

    fn check_host(&self, index: usize, uri: &http::Uri) -> Result<(), HttpError> {
        let grant = self.grant(index).map_err(denied)?;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(HttpError::HttpRequestUriInvalid);
        };
        let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
        let port = uri.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let allowed = match &grant.hosts {
            Some(hosts) => hosts.allow(scheme, &host, port),
            None => scheme == "https" || is_this_machine(&host),
        };
        if allowed {
            return Ok(());
        }
        let (name, source) = (&grant.name, &grant.source);
        let brackets = if host.contains(':') { ("[", "]") } else { ("", "") };
        let origin = format!("{scheme}://{}{host}{}:{port}", brackets.0, brackets.1);
        let why = match &grant.hosts {
            Some(_) => "is not one of its hosts",
            None => "is not encrypted",
        };
        let text = format!(
            "the secret \"{name}\" may not be sent to {origin}, which {why}; the line that allows it: \
             [grants] secrets = {{ {name} = {{ from = \"{source}\", hosts = [\"{origin}\"] }} }}"
        );
        self.denied("secret_host_denied", &text);
        Err(HttpError::HttpRequestDenied)
    }

    fn grant(&self, index: usize) -> Result<&SecretGrant, Error> {
        self.grants.get(index).ok_or_else(|| Error::Unknown("no such secret".to_owned()))
    }

    /// Logs `text` the first time, and gives it back with its code.
    fn denied(&self, code: &'static str, text: &str) -> String {
        self.denials.tell(code, text, || format!("denied: {text}"));
        format!("{code}: {text}")
    }

    fn placeholders(&self) -> MutexGuard<'_, Placeholders> {
        self.placeholders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The log has the reason already.
fn denied(_error: Error) -> HttpError {
    HttpError::HttpRequestDenied
}

/// Whether what is sent to `host` never leaves the machine.
fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
