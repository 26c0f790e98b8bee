//! Personal access tokens.

use sha2::{Digest, Sha256};

/// How many tokens a user may have.
pub(crate) const MAX_TOKENS: usize = 100;
/// Bytes of randomness in a token.
const SECRET: usize = 32;

/// A token as the server keeps it: it can recognise the secret but not tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    digest: [u8; 32],
    /// Microseconds since the epoch; `u64::MAX` is never.
    pub(crate) expires_at: u64,
}

impl Token {
    /// A new token and the secret, which is shown once. `None` if the system has no randomness.
    pub(crate) fn generate(expires_at: u64) -> Option<(Self, String)> {
        let mut secret = [0; SECRET];
        getrandom::fill(&mut secret).ok()?;
        let secret = hex::encode(secret);
        Some((Self { digest: digest(&secret), expires_at }, secret))
    }

    /// Digests are compared, so the time taken tells nothing about the secret.
    pub(crate) fn matches(&self, secret: &str) -> bool {
        self.digest == digest(secret)
    }

    pub(crate) fn digest_hex(&self) -> String {
        hex::encode(self.digest)
    }

    pub(crate) fn from_hex(digest: &str, expires_at: u64) -> Option<Self> {
        Some(Self { digest: hex::decode(digest).ok()?.try_into().ok()?, expires_at })
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_token_when_stored_and_read_should_match_only_its_secret() {
        let (token, secret) = Token::generate(7).unwrap();
        let (_, other) = Token::generate(7).unwrap();
        let read = Token::from_hex(&token.digest_hex(), 7).unwrap();
        assert!(read.matches(&secret));
        assert!(!read.matches(&other));
    }
}
