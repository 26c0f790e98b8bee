//! Secrets of the host itself, and where they are kept.

use secrecy::SecretString;

use super::Surroundings;
use crate::host::Credentials;
use crate::reader::Reader;

pub(super) fn credentials(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<Credentials> {
    if !reader.has("token") {
        let (username, password) =
            (reader.text("username"), secret(reader, "password", surroundings));
        return Some(Credentials::Password { username: username?, password: password? });
    }
    for key in ["username", "password"].into_iter().filter(|key| reader.has(key)) {
        let detail = format!("`{key}` and `token` are two ways to log in");
        reader.conflict(key, detail, format!("remove `{key}` or `token`"));
    }
    secret(reader, "token", surroundings).map(Credentials::Token)
}

/// `env:NAME`, `file:PATH`, `literal:TEXT`, or the text itself. No error ever shows the text.
pub(super) fn secret(
    reader: &Reader<'_>,
    key: &str,
    surroundings: &Surroundings<'_>,
) -> Option<SecretString> {
    let text = reader.text(key)?;
    if let Some(name) = text.strip_prefix("env:") {
        let Some(value) = surroundings.environment.get(name) else {
            let detail = format!("the environment variable {name} is not set");
            reader.refuse(key, detail, format!("set it: export {name}=…"));
            return None;
        };
        return Some(value.into());
    }
    if let Some(path) = text.strip_prefix("file:") {
        let path = surroundings.resolve(path);
        return match std::fs::read_to_string(&path) {
            // Editors and `echo` end a file with a newline that is not part of the secret.
            Ok(text) => {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Some(text.strip_suffix('\r').unwrap_or(text).into())
            }
            Err(error) => {
                let detail = format!("cannot read {}: {error}", path.display());
                reader.refuse(key, detail, "write the path of a text file that the host may read");
                None
            }
        };
    }
    Some(text.strip_prefix("literal:").unwrap_or(&text).into())
}
