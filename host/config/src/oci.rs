//! The grammar of a component in a registry.
//!
//! ```text
//! reference = "oci://" registry "/" name [ ":" tag ] [ "@" digest ]   ; tag, digest or both
//! registry  = host [ ":" port ]        ; the host has a dot, or a port, or is localhost: there is
//!                                      ; no registry that is meant when none is written
//! host      = name | IPv4 | "[" IPv6 "]"
//! name      = part *( "/" part )       ; part: a-z and 0-9, between them one of . _ __ or any
//!                                      ; number of -
//! tag       = ( letter | digit | "_" ) *127( letter | digit | "_" | "." | "-" )
//! digest    = "sha256:" 64( 0-9 | a-f )
//! ```
//! Everything but the tag is lower case, so that a place has one spelling only.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Serialize, Serializer};

const SCHEME: &str = "oci://";
/// What registries accept for registry and name together.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// A SHA-256 digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 64 hexadecimal digits in lower case.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromStr for Digest {
    type Err = OciReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.strip_prefix("sha256:").ok_or(OciReferenceError::Digest)?.as_bytes();
        let valid = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if hex.len() != 64 || !hex.iter().all(valid) {
            return Err(OciReferenceError::Digest);
        }
        let digit = |byte: u8| if byte <= b'9' { byte - b'0' } else { byte - b'a' + 10 };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0]) << 4 | digit(pair[1]);
        }
        Ok(Self(bytes))
    }
}

/// `sha256:` and the digits.
impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", self.hex())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A component in a registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OciReference {
    registry: String,
    name: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// A component in a registry that cannot change: its reference has a digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PinnedReference {
    reference: OciReference,
    digest: Digest,
}

/// Why a text is not a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OciReferenceError {
    /// Another scheme, or none.
    #[error("a reference begins with oci://")]
    Scheme,
    /// The part before the first `/`.
    #[error(
        "the part before the first `/` is not a registry: a host in lower case with a dot, or a \
         host and a port"
    )]
    Registry,
    /// The path in the registry.
    #[error(
        "the name is not made of parts in lower case, digits and single `.` or `_`, divided by `/`"
    )]
    Name,
    /// What stands after `:`.
    #[error(
        "the tag is not made of 1 to 128 letters, digits, `_`, `.` and `-`, or begins with one of the \
         last two"
    )]
    Tag,
    /// What stands after `@`.
    #[error("the digest is not `sha256:` and 64 digits of 0-9 and a-f")]
    Digest,
    /// Neither tag nor digest.
    #[error("neither a tag nor a digest says which version is meant")]
    Nothing,
}

impl OciReference {
    /// Host and, where it is written, port.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The path in the registry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest, if one is written.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same with this digest.
    pub fn pin(&self, digest: Digest) -> PinnedReference {
        let reference = Self { digest: Some(digest), ..self.clone() };
        PinnedReference { reference, digest }
    }

    /// The same, if it has a digest.
    pub fn pinned(&self) -> Option<PinnedReference> {
        self.digest.map(|digest| self.pin(digest))
    }

    /// Where a cache keeps the digest that the tag had last, relative to the cache's folder. No two tags
    /// share a file: a part of a name does not begin with `_`.
    pub fn tag_file(&self) -> Option<PathBuf> {
        let tag = self.tag.as_deref()?;
        Some(["oci", "tags", &self.registry, &self.name, "_tags", tag].iter().collect())
    }
}

impl FromStr for OciReference {
    type Err = OciReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix(SCHEME).ok_or(OciReferenceError::Scheme)?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (rest, None),
        };
        let (registry, path) = rest.split_once('/').ok_or(OciReferenceError::Registry)?;
        if !is_registry(registry) {
            return Err(OciReferenceError::Registry);
        }
        let (name, tag) = match path.split_once(':') {
            Some((name, tag)) if is_tag(tag) => (name, Some(tag.to_owned())),
            Some(_) => return Err(OciReferenceError::Tag),
            None => (path, None),
        };
        if !is_name(name) || registry.len() + 1 + name.len() > LONGEST_NAME {
            return Err(OciReferenceError::Name);
        }
        if tag.is_none() && digest.is_none() {
            return Err(OciReferenceError::Nothing);
        }
        Ok(Self { registry: registry.to_owned(), name: name.to_owned(), tag, digest })
    }
}

impl fmt::Display for OciReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}/{}", self.registry, self.name)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(formatter, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl PinnedReference {
    /// The reference, which has a digest.
    pub fn reference(&self) -> &OciReference {
        &self.reference
    }

    /// The digest of the manifest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}

impl fmt::Display for PinnedReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference.fmt(formatter)
    }
}

/// Whether `text` is a registry: host and, if need be, port.
pub(crate) fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // The last colon of an address in brackets is not that of a port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port_valid = port.is_none_or(|port| {
        port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port)
    });
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_valid = match bracketed {
        Some(address) => {
            address.parse::<std::net::Ipv6Addr>().is_ok_and(|parsed| parsed.to_string() == address)
        }
        None => {
            let told_apart = host.contains('.') || port.is_some() || host == "localhost";
            told_apart && host.split('.').all(is_label)
        }
    };
    host_valid && port_valid
}

fn is_label(label: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = !label.starts_with('-') && !label.ends_with('-');
    (1..=63).contains(&label.len()) && label.bytes().all(byte) && ends
}

fn is_name(name: &str) -> bool {
    let word = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit();
    let separates =
        |text: &str| matches!(text, "." | "_" | "__") || text.bytes().all(|byte| byte == b'-');
    name.split('/').all(|part| {
        part.starts_with(word)
            && part.ends_with(word)
            && part.split(word).filter(|between| !between.is_empty()).all(separates)
    })
}

fn is_tag(tag: &str) -> bool {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=LONGEST_TAG).contains(&tag.len()) && tag.bytes().all(byte) && !tag.starts_with(['.', '-'])
}
