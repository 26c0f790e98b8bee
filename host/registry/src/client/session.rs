//! Requests about one name in one registry, authenticated as the registry asks.

mod login;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, USER_AGENT};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use kennel_config::{Digest, OciReference};

use super::{Client, Expected, read_body};
use crate::digest_of;
use crate::error::RegistryError;
use crate::manifest::MANIFEST;
use crate::progress::{Progress, Silent};

/// Blobs live elsewhere, seldom behind more than one redirect.
const REDIRECTS: usize = 5;
const LARGEST_ERROR: Expected = Expected { what: "error", limit: 64 << 10 };
const LARGEST_MANIFEST: Expected = Expected { what: "manifest", limit: 4 << 20 };
/// An index is asked for as well, so that it can be told from nothing.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, \
                        application/vnd.docker.distribution.manifest.v2+json, \
                        application/vnd.oci.image.index.v1+json";
const AGENT: &str = concat!("kennel/", env!("CARGO_PKG_VERSION"));
/// Its programs talk to another host than its references name.
const DOCKER_HUB: (&str, &str) = ("docker.io", "registry-1.docker.io");

/// What the session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Pull,
    Push,
}

/// A blob to pull.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Blob {
    pub(crate) what: &'static str,
    pub(crate) digest: Digest,
    /// Its size in bytes, which nothing exceeds.
    pub(crate) size: u64,
}

pub(crate) struct Session<'a> {
    client: &'a Client,
    reference: &'a OciReference,
    access: Access,
    /// Scheme, host and port.
    origin: String,
    authorization: Option<HeaderValue>,
}

struct Call<'a> {
    method: Method,
    uri: Uri,
    headers: &'a [(http::HeaderName, &'a str)],
    body: Bytes,
}

impl<'a> Session<'a> {
    pub(crate) fn new(client: &'a Client, reference: &'a OciReference, access: Access) -> Self {
        let registry = reference.registry();
        let host = if registry == DOCKER_HUB.0 { DOCKER_HUB.1 } else { registry };
        let scheme = if client.is_plain(host) { "http" } else { "https" };
        let origin = format!("{scheme}://{host}");
        Self { client, reference, access, origin, authorization: None }
    }

    /// The manifest under a tag or digest, unchecked. None: there is none.
    pub(crate) async fn manifest(
        &mut self,
        version: &str,
    ) -> Result<Option<Vec<u8>>, RegistryError> {
        let uri = self.place(&format!("manifests/{version}"))?;
        let response = self.call(Method::GET, uri, &[(ACCEPT, ACCEPTED)], Bytes::new()).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = self.accepted(response, &[StatusCode::OK]).await?;
        let registry = self.reference.registry();
        read_body(registry, response.into_body(), LARGEST_MANIFEST, &Silent).await.map(Some)
    }

    /// A blob, which has its digest.
    pub(crate) async fn blob(
        &mut self,
        blob: Blob,
        progress: &dyn Progress,
    ) -> Result<Vec<u8>, RegistryError> {
        let uri = self.place(&format!("blobs/{}", blob.digest))?;
        let response = self.call(Method::GET, uri, &[], Bytes::new()).await?;
        if response.status() == StatusCode::NOT_FOUND {
            let reference = self.reference.clone();
            return Err(RegistryError::NotFound { what: blob.what, reference });
        }
        let response = self.accepted(response, &[StatusCode::OK]).await?;
        let expected = Expected { what: blob.what, limit: blob.size };
        let registry = self.reference.registry();
        let bytes = read_body(registry, response.into_body(), expected, progress).await?;
        match digest_of(&bytes) {
            found if found == blob.digest => Ok(bytes),
            found => {
                let expected = blob.digest;
                Err(RegistryError::Digest { what: blob.what, expected, found })
            }
        }
    }

    /// Uploads a blob, unless the registry has it.
    pub(crate) async fn push_blob(&mut self, bytes: Bytes) -> Result<(), RegistryError> {
        let digest = digest_of(&bytes);
        let uri = self.place(&format!("blobs/{digest}"))?;
        let known = self.call(Method::HEAD, uri, &[], Bytes::new()).await?;
        if known.status() == StatusCode::OK {
            return Ok(());
        }
        let uri = self.place("blobs/uploads/")?;
        let begun = self.call(Method::POST, uri.clone(), &[], Bytes::new()).await?;
        let begun = self.accepted(begun, &[StatusCode::ACCEPTED]).await?;
        let location = self.location(&uri, &begun)?;
        let separator = if location.query().is_some() { '&' } else { '?' };
        let target = self.parse(&format!("{location}{separator}digest={digest}"))?;
        let headers = [(CONTENT_TYPE, "application/octet-stream")];
        let stored = self.call(Method::PUT, target, &headers, bytes).await?;
        self.accepted(stored, &[StatusCode::CREATED]).await.map(drop)
    }

    /// Stores a manifest under a tag or its digest.
    pub(crate) async fn push_manifest(
        &mut self,
        version: &str,
        bytes: Vec<u8>,
    ) -> Result<(), RegistryError> {
        let uri = self.place(&format!("manifests/{version}"))?;
        let headers = [(CONTENT_TYPE, MANIFEST)];
        let stored = self.call(Method::PUT, uri, &headers, bytes.into()).await?;
        self.accepted(stored, &[StatusCode::CREATED]).await.map(drop)
    }

    fn place(&self, path: &str) -> Result<Uri, RegistryError> {
        self.parse(&format!("{}/v2/{}/{path}", self.origin, self.reference.name()))
    }

    fn parse(&self, text: &str) -> Result<Uri, RegistryError> {
        text.parse().map_err(|_| self.breach("it names a place that is no address"))
    }

    fn breach(&self, detail: impl Into<String>) -> RegistryError {
        let registry = self.reference.registry().to_owned();
        RegistryError::Protocol { registry, detail: detail.into() }
    }

    /// One request: authenticated if the registry wants that, redirected if it only reads.
    async fn call(
        &mut self,
        method: Method,
        uri: Uri,
        headers: &[(http::HeaderName, &str)],
        body: Bytes,
    ) -> Result<Response<Incoming>, RegistryError> {
        let mut call = Call { method, uri, headers, body };
        let mut response = self.send(&call).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.authorization.is_none() {
            self.authenticate(&response).await?;
            response = self.send(&call).await?;
        }
        for _ in 0..REDIRECTS {
            let moved = response.status().is_redirection() && call.method == Method::GET;
            if !moved {
                return Ok(response);
            }
            call.uri = self.location(&call.uri, &response)?;
            response = self.send(&call).await?;
        }
        Err(self.breach("it redirects without end"))
    }

    async fn send(&self, call: &Call<'_>) -> Result<Response<Incoming>, RegistryError> {
        let mut request = Request::new(Full::new(call.body.clone()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.uri.clone();
        let wanted = request.headers_mut();
        wanted.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        for (name, value) in call.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| self.breach("a header that cannot be sent"))?;
            wanted.insert(name.clone(), value);
        }
        // Other places get bytes from us, but not our name.
        let own = format!(
            "{}://{}",
            call.uri.scheme_str().unwrap_or_default(),
            call.uri.authority().map_or("", |authority| authority.as_str())
        );
        if let Some(authorization) = self.authorization.as_ref().filter(|_| own == self.origin) {
            wanted.insert(AUTHORIZATION, authorization.clone());
        }
        self.client.send(self.reference.registry(), request).await
    }

    /// Where an answer points, relative to the place that was asked.
    fn location(&self, asked: &Uri, response: &Response<Incoming>) -> Result<Uri, RegistryError> {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| self.breach("it does not say where to go on"))?;
        if location.contains("://") {
            return self.parse(location);
        }
        let scheme = asked.scheme_str().unwrap_or_default();
        let authority = asked.authority().map_or("", |authority| authority.as_str());
        match location.starts_with('/') && !location.starts_with("//") {
            true => self.parse(&format!("{scheme}://{authority}{location}")),
            false => Err(self.breach("it names a relative place")),
        }
    }

    /// The answer, if it has one of these codes.
    async fn accepted(
        &self,
        response: Response<Incoming>,
        codes: &[StatusCode],
    ) -> Result<Response<Incoming>, RegistryError> {
        match response.status() {
            code if codes.contains(&code) => Ok(response),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(self.unauthorized(self.authorization.is_some()))
            }
            _ => Err(self.refusal(response).await),
        }
    }

    fn unauthorized(&self, shown: bool) -> RegistryError {
        let registry = self.reference.registry();
        RegistryError::Unauthorized {
            registry: registry.to_owned(),
            login: if shown { "these credentials" } else { "a request without credentials" },
            hint: self.client.credentials.hint(registry),
        }
    }

    async fn refusal(&self, response: Response<Incoming>) -> RegistryError {
        let status = response.status().as_u16();
        let registry = self.reference.registry();
        let body = read_body(registry, response.into_body(), LARGEST_ERROR, &Silent).await;
        let detail = body.ok().and_then(|body| first_error(&body)).unwrap_or_default();
        RegistryError::Status { registry: registry.to_owned(), status, detail }
    }
}

/// The first error of an answer, short and printable.
fn first_error(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let error = body.get("errors")?.get(0)?;
    let text = |name| error.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let plain = |each: char| if each.is_control() { ' ' } else { each };
    let words = format!("{} {}", text("code"), text("message"));
    Some(format!(": {}", words.trim().chars().take(200).map(plain).collect::<String>()))
}
