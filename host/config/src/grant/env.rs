//! The grammar of a granted environment variable.
//!
//! ```text
//! name = ( letter | "_" ) { letter | digit | "_" }     ; ASCII; not KENNEL_…, the host's own settings
//! ```

use std::fmt;

/// Longest name; characters.
const LONGEST: usize = 256;

/// An environment variable that a component sees. Its debug output does not tell the value.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvGrant {
    /// The variable's name.
    pub name: String,
    /// Its value: as written, or the host's own.
    pub value: String,
}

impl fmt::Debug for EnvGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EnvGrant").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a text is not the name of a variable that can be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvNameError {
    /// Nothing.
    #[error("the name of the environment variable is missing")]
    Missing,
    /// Something else than ASCII letters, digits and `_`, or a digit in front.
    #[error("an environment variable's name is ASCII letters, digits and `_`, not a digit first")]
    Name,
    /// A setting of the host, which may hold its own password.
    #[error(
        "variables that begin with `KENNEL_` are the host's own settings and are never granted"
    )]
    HostsOwn,
}

/// Whether a variable of this name can be granted.
///
/// # Errors
/// Why not.
pub(crate) fn check_env_name(name: &str) -> Result<(), EnvNameError> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() {
        return Err(EnvNameError::Missing);
    }
    if name.len() > LONGEST || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(inner) {
        return Err(EnvNameError::Name);
    }
    match name.to_ascii_uppercase().starts_with("KENNEL_") {
        true => Err(EnvNameError::HostsOwn),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_name_should_take_it_or_say_why_not() {
        for name in
            ["TZ", "_", "_1", "a", "LC_ALL", "PG_PASSWORD", "KENNELS", "KENNEL", "MY_KENNEL_"]
        {
            assert_eq!(check_env_name(name), Ok(()), "{name}");
        }
        assert_eq!(check_env_name(""), Err(EnvNameError::Missing));
        for name in ["1A", "A=B", "A B", " A", "A-B", "Ä", "A\0", "*", "A*", "$A", "A\n"] {
            assert_eq!(check_env_name(name), Err(EnvNameError::Name), "{name}");
        }
        assert_eq!(check_env_name(&"A".repeat(LONGEST)), Ok(()));
        assert_eq!(check_env_name(&"A".repeat(LONGEST + 1)), Err(EnvNameError::Name));
        for name in ["KENNEL_", "KENNEL_IGGY__PASSWORD", "kennel_iggy__password", "Kennel_x"] {
            assert_eq!(check_env_name(name), Err(EnvNameError::HostsOwn), "{name}");
        }
    }

    #[test]
    fn given_a_grant_should_not_show_its_value() {
        let grant = EnvGrant { name: "TZ".into(), value: "canary".into() };
        assert!(!format!("{grant:?}").contains("canary"));
    }
}
