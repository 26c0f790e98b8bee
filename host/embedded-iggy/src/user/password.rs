//! Passwords at rest: salted and stretched with PBKDF2-HMAC-SHA256.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

const SALT: usize = 16;
const KEY: usize = 32;
/// Enough that a stolen catalogue is slow to guess against, little enough that a login is quick.
const ROUNDS: u32 = 10_000;

/// A password nobody can read back.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Password {
    /// Root's comes with every start and is never stored, so it need not be slow to guess.
    Given([u8; KEY]),
    /// Stored.
    Stretched { salt: [u8; SALT], key: [u8; KEY] },
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password")
    }
}

impl Password {
    /// `None` if the system has no randomness to give.
    pub(crate) fn new(plain: &str) -> Option<Self> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).ok()?;
        Some(Self::Stretched { salt, key: derive(plain.as_bytes(), &salt)? })
    }

    /// The password a server was started with.
    pub(crate) fn given(plain: &str) -> Self {
        Self::Given(Sha256::digest(plain.as_bytes()).into())
    }

    /// Whether this is the password. Takes as long for a near miss as for a far one; for a stored
    /// password that is some milliseconds.
    pub(crate) fn matches(&self, plain: &str) -> bool {
        let (expected, key) = match self {
            Self::Given(key) => (key, Some(Sha256::digest(plain.as_bytes()).into())),
            Self::Stretched { salt, key } => (key, derive(plain.as_bytes(), salt)),
        };
        key.is_some_and(|key: [u8; KEY]| {
            key.iter().zip(expected).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
        })
    }

    /// `None` if it is not to be stored.
    pub(crate) fn to_hex(&self) -> Option<String> {
        match self {
            Self::Given(_) => None,
            Self::Stretched { salt, key } => Some(hex::encode([&salt[..], &key[..]].concat())),
        }
    }

    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text).ok()?;
        let (salt, key) = bytes.split_at_checked(SALT)?;
        Some(Self::Stretched { salt: salt.try_into().ok()?, key: key.try_into().ok()? })
    }
}

/// One block of PBKDF2 (RFC 8018), which is as long as the key.
fn derive(password: &[u8], salt: &[u8]) -> Option<[u8; KEY]> {
    let keyed = Hmac::<Sha256>::new_from_slice(password).ok()?;
    let mut round = keyed.clone().chain_update(salt).chain_update(1_u32.to_be_bytes());
    let mut key = [0; KEY];
    for _ in 0..ROUNDS {
        let block = round.finalize().into_bytes();
        key.iter_mut().zip(&block).for_each(|(sum, byte)| *sum ^= byte);
        round = keyed.clone().chain_update(block);
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_published_vector_should_derive_the_same_key() {
        // PBKDF2-HMAC-SHA256, password "password", salt "salt", 10,000 rounds.
        let key = derive(b"password", b"salt").unwrap();
        assert_eq!(
            hex::encode(key),
            "5ec02b91a4b59c6f59dd5fbe4ca649ece4fa8568cdb8ba36cf41426e8805522b"
        );
    }

    #[test]
    fn given_a_password_when_stored_and_read_should_match_only_itself() {
        let stored = Password::new("p:ä\"ß/ %@#'").unwrap().to_hex().unwrap();
        let read = Password::from_hex(&stored).unwrap();
        assert!(read.matches("p:ä\"ß/ %@#'"));
        assert!(!read.matches("p:ä\"ß/ %@#"));
        assert!(Password::from_hex(&stored[2..]).is_none());
    }

    #[test]
    fn given_roots_password_should_match_only_itself_and_never_be_stored() {
        let password = Password::given("secret");
        assert!(password.matches("secret") && !password.matches("Secret"));
        assert!(password.to_hex().is_none());
    }
}
