//! Why a request has no response, in WASI's words.

use std::error::Error as StdError;
use std::io;
use std::iter;

use hyper_util::client::legacy;
use wasmtime_wasi_http::Error;

use super::connect::ResolveError;

/// The name that may not lead where it leads, if that is why a request failed.
pub(super) fn denied_answer(error: &legacy::Error) -> Option<&ResolveError> {
    let mut resolving = causes(error).filter_map(|cause| cause.downcast_ref());
    resolving.find(|cause| matches!(cause, ResolveError::Denied { .. }))
}

/// Which of WASI's errors tells the guest what happened.
pub(super) fn classify(error: &legacy::Error) -> Error {
    for cause in causes(error) {
        // From the request's body.
        if let Some(Error::HttpRequestBodySize(limit)) = cause.downcast_ref() {
            return Error::HttpRequestBodySize(*limit);
        }
        if let Some(cause) = cause.downcast_ref::<ResolveError>() {
            return match cause {
                ResolveError::Denied { .. } => Error::DestinationIpProhibited,
                ResolveError::Unknown { .. } => Error::DestinationUnavailable,
            };
        }
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return classify_io(cause, error.is_connect());
        }
    }
    if error.is_connect() { Error::DestinationUnavailable } else { Error::ConnectionTerminated }
}

fn classify_io(error: &io::Error, while_connecting: bool) -> Error {
    match tls_cause(error) {
        Some(rustls::Error::InvalidCertificate(_)) => return Error::TlsCertificateError,
        Some(_) => return Error::TlsProtocolError,
        None => {}
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Error::ConnectionTerminated,
        _ if while_connecting => Error::DestinationUnavailable,
        _ => Error::ConnectionTerminated,
    }
}

/// What TLS had to say. Each layer on the way has wrapped it once more.
fn tls_cause(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<rustls::Error>() {
        Some(tls) => Some(tls),
        None => tls_cause(inner.downcast_ref::<io::Error>()?),
    }
}

fn causes(error: &legacy::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    iter::successors(error.source(), |cause| (*cause).source())
}
