//! The parts of an absolute URL that a request is made of.

use std::fmt;

/// An absolute `http` or `https` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether the scheme is `https`.
    pub secure: bool,
    /// Host, and port if given.
    pub authority: String,
    /// Path and query, beginning with `/`. The fragment is dropped.
    pub path_and_query: String,
}

/// Why a text is not such a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// Does not begin with `http://` or `https://`.
    Scheme,
    /// No host.
    Host,
    /// A port that is not a number from 1 to 65535.
    Port,
    /// User and password belong into a header, not into a URL that is logged.
    Credentials,
    /// A blank or control character.
    Character,
}

impl fmt::Display for UrlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Scheme => "the URL must begin with http:// or https://",
            Self::Host => "the URL has no host",
            Self::Port => "the URL's port is not a number from 1 to 65535",
            Self::Credentials => "the URL carries credentials; use a header instead",
            Self::Character => "the URL contains a blank or control character",
        })
    }
}

impl std::error::Error for UrlError {}

impl Url {
    /// Splits an absolute URL.
    ///
    /// # Errors
    /// If it is not one, see [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(UrlError::Character);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(UrlError::Scheme),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        // The colons of an IPv6 address are not a port's.
        let (host, port) = match authority.rfind(':').filter(|&at| !authority[at..].contains(']')) {
            Some(at) => (&authority[..at], Some(&authority[at + 1..])),
            None => (authority, None),
        };
        if host.is_empty() {
            return Err(UrlError::Host);
        }
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return Err(UrlError::Port);
        }
        let path_and_query =
            if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { secure, authority: authority.to_owned(), path_and_query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_urls_should_split_or_refuse_them() {
        let good = [
            ("http://a", false, "a", "/"),
            ("https://a.b:8443/x/y?z=1#top", true, "a.b:8443", "/x/y?z=1"),
            ("HTTP://[::1]:80?q", false, "[::1]:80", "/?q"),
            ("http://[::1]/", false, "[::1]", "/"),
        ];
        for (text, secure, authority, path) in good {
            let url = Url::parse(text).expect(text);
            let parts = (url.secure, url.authority.as_str(), url.path_and_query.as_str());
            assert_eq!(parts, (secure, authority, path));
        }
        let bad = [
            ("a/b", UrlError::Scheme),
            ("ftp://a", UrlError::Scheme),
            ("http:///x", UrlError::Host),
            ("http://:80", UrlError::Host),
            ("http://a:0", UrlError::Port),
            ("http://a:99999", UrlError::Port),
            ("http://u:p@a", UrlError::Credentials),
            ("http://a/ b", UrlError::Character),
        ];
        for (text, error) in bad {
            assert_eq!(Url::parse(text), Err(error), "{text}");
        }
    }
}
