//! What a registry wants to know before it answers.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue, USER_AGENT, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::super::challenge::Challenge;
use super::super::{Expected, read_body};
use super::{AGENT, Access, Session};
use crate::credentials::Login;
use crate::error::RegistryError;
use crate::progress::Silent;

const LARGEST_TOKEN: Expected = Expected { what: "token", limit: 256 << 10 };

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Session<'_> {
    /// Does what the answer asks for, so that the next request is accepted.
    pub(super) async fn authenticate(
        &mut self,
        response: &Response<Incoming>,
    ) -> Result<(), RegistryError> {
        let offered = response.headers().get_all(WWW_AUTHENTICATE);
        let challenges: Vec<_> =
            offered.iter().filter_map(|header| Challenge::parse(header.to_str().ok()?)).collect();
        let login = self.client.credentials.for_registry(self.reference.registry())?;
        // A token of our own needs no other.
        if let Some(Login::Token(token)) = &login {
            return self.authorize("Bearer", token.expose_secret());
        }
        let bearer = challenges.iter().find_map(|challenge| match challenge {
            Challenge::Bearer { realm, service } => Some((realm, service)),
            Challenge::Basic => None,
        });
        match (bearer, &login) {
            (Some((realm, service)), _) => {
                let token = self.token(realm, service.as_deref(), login.as_ref()).await?;
                self.authorize("Bearer", token.expose_secret())
            }
            (None, Some(login)) if challenges.contains(&Challenge::Basic) => {
                let basic = basic(login);
                self.authorize("Basic", basic.expose_secret())
            }
            _ => Err(self.unauthorized(login.is_some())),
        }
    }

    fn authorize(&mut self, scheme: &str, value: &str) -> Result<(), RegistryError> {
        let mut value = HeaderValue::from_str(&format!("{scheme} {value}"))
            .map_err(|_| self.breach("a token that no header can hold"))?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(())
    }

    /// A token from the place that the registry names, for just this name.
    async fn token(
        &self,
        realm: &str,
        service: Option<&str>,
        login: Option<&Login>,
    ) -> Result<SecretString, RegistryError> {
        let actions = if self.access == Access::Push { "pull,push" } else { "pull" };
        let scope = format!("repository:{}:{actions}", self.reference.name());
        let separator = if realm.contains('?') { '&' } else { '?' };
        let mut address = format!("{realm}{separator}scope={}", encode(&scope));
        if let Some(service) = service {
            address.push_str(&format!("&service={}", encode(service)));
        }
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = self.parse(&address)?;
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(login) = login {
            let value = format!("Basic {}", basic(login).expose_secret());
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| self.breach("credentials that no header can hold"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let registry = self.reference.registry();
        let response = self.client.send(registry, request).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.unauthorized(login.is_some()));
            }
            _ => return Err(self.refusal(response).await),
        }
        let text = read_body(registry, response.into_body(), LARGEST_TOKEN, &Silent).await?;
        let token: Token =
            serde_json::from_slice(&text).map_err(|_| self.breach("its token is no JSON"))?;
        let token = token.token.or(token.access_token);
        token.map(SecretString::from).ok_or_else(|| self.breach("it gives no token"))
    }
}

/// What `Basic` takes.
fn basic(login: &Login) -> SecretString {
    use base64::Engine as _;
    let text = match login {
        Login::Password { username, password } => {
            format!("{username}:{}", password.expose_secret())
        }
        Login::Token(token) => format!("token:{}", token.expose_secret()),
    };
    base64::engine::general_purpose::STANDARD.encode(text).into()
}

/// A value for a query.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
