//! Whom a registry takes us for. Nothing here is ever printed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

/// Its credentials are kept under another name.
const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_KEY: &str = "https://index.docker.io/v1/";

/// Where credentials are looked up: variables first, then docker's `config.json`.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    /// From variables, for one registry.
    given: Option<(String, Login)>,
    /// docker's file.
    file: Option<PathBuf>,
}

/// What is shown to a registry.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    Token(SecretString),
    Password { username: String, password: SecretString },
}

/// Why there are no credentials.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file that is no docker configuration.
    #[error("{path:?} cannot be used for credentials: {detail}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never a part of it.
        detail: &'static str,
    },
    /// Half of a pair.
    #[error("set both KENNEL_REGISTRY_USERNAME and KENNEL_REGISTRY_PASSWORD, or neither")]
    Half,
}

impl Credentials {
    /// None at all.
    pub fn anonymous() -> Self {
        Self::default()
    }

    /// What the process was given: `KENNEL_REGISTRY_TOKEN`, or `KENNEL_REGISTRY_USERNAME` and
    /// `KENNEL_REGISTRY_PASSWORD`, for the registry that `KENNEL_REGISTRY` names, else for `addressed`,
    /// the one that a person has named. With neither they are for none: a secret goes to no registry that
    /// merely stands in a file. Other registries: `auths` of `$DOCKER_CONFIG/config.json`, by default in
    /// `~/.docker`.
    ///
    /// # Errors
    /// Half of a user name and password.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<String>,
        addressed: Option<&str>,
    ) -> Result<Self, CredentialError> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let password = set("KENNEL_REGISTRY_PASSWORD");
        let login = match (set("KENNEL_REGISTRY_TOKEN"), set("KENNEL_REGISTRY_USERNAME"), password)
        {
            (Some(token), ..) => Some(Login::Token(token.into())),
            (None, Some(username), Some(password)) => {
                Some(Login::Password { username, password: password.into() })
            }
            (None, None, None) => None,
            (None, ..) => return Err(CredentialError::Half),
        };
        let registry = set("KENNEL_REGISTRY").or_else(|| addressed.map(str::to_owned));
        let folder = set("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| Some(Path::new(&set("HOME")?).join(".docker")));
        Ok(Self { given: registry.zip(login), file: folder.map(|it| it.join("config.json")) })
    }

    /// What to show to `registry`.
    pub(crate) fn for_registry(&self, registry: &str) -> Result<Option<Login>, CredentialError> {
        match (&self.given, &self.file) {
            (Some((given, login)), _) if given == registry => Ok(Some(login.clone())),
            (_, Some(file)) => from_docker(file, registry),
            (_, None) => Ok(None),
        }
    }

    /// What a person can do when a registry refuses.
    pub(crate) fn hint(&self, registry: &str) -> String {
        let helper = self.file.as_deref().and_then(|file| read(file).ok().flatten());
        if helper.is_some_and(|config| config.leaves_to_a_program(registry)) {
            return "; docker's config.json leaves its credentials to a credential helper, which is \
                    not asked: set KENNEL_REGISTRY_TOKEN, or KENNEL_REGISTRY_USERNAME and \
                    KENNEL_REGISTRY_PASSWORD"
                .to_owned();
        }
        format!(
            "; `docker login {registry}` stores credentials, or set KENNEL_REGISTRY_TOKEN, or \
             KENNEL_REGISTRY_USERNAME and KENNEL_REGISTRY_PASSWORD (and KENNEL_REGISTRY={registry} \
             for `kennel run`)"
        )
    }
}

/// The part of docker's file that we read.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct DockerConfig {
    auths: HashMap<String, DockerAuth>,
    cred_helpers: HashMap<String, serde_json::Value>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct DockerAuth {
    auth: Option<String>,
    registrytoken: Option<String>,
}

impl DockerConfig {
    fn auth(&self, registry: &str) -> Option<&DockerAuth> {
        let hub = (registry == DOCKER_HUB).then(|| DOCKER_HUB_KEY.to_owned());
        let keys =
            [registry.to_owned(), format!("https://{registry}"), format!("https://{registry}/")];
        keys.iter().chain(&hub).find_map(|key| self.auths.get(key))
    }

    fn leaves_to_a_program(&self, registry: &str) -> bool {
        let stored = self.creds_store.as_ref().is_some_and(|store| !store.is_empty());
        self.cred_helpers.contains_key(registry) || stored
    }
}

fn read(file: &Path) -> Result<Option<DockerConfig>, CredentialError> {
    let refuse = |detail| CredentialError::File { path: file.to_owned(), detail };
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(refuse("the file cannot be read")),
    };
    // The parser's own words may quote the file.
    serde_json::from_slice(&text).map(Some).map_err(|_| refuse("it is not docker's JSON"))
}

fn from_docker(file: &Path, registry: &str) -> Result<Option<Login>, CredentialError> {
    let refuse = |detail| CredentialError::File { path: file.to_owned(), detail };
    let Some(config) = read(file)? else { return Ok(None) };
    let Some(entry) = config.auth(registry) else { return Ok(None) };
    if let Some(token) = entry.registrytoken.as_ref().filter(|token| !token.is_empty()) {
        return Ok(Some(Login::Token(token.clone().into())));
    }
    let Some(auth) = entry.auth.as_ref().filter(|auth| !auth.is_empty()) else { return Ok(None) };
    let decoded = STANDARD.decode(auth).map_err(|_| refuse("an `auth` is not base64"))?;
    let text = String::from_utf8(decoded).map_err(|_| refuse("an `auth` is not text"))?;
    let (username, password) =
        text.split_once(':').ok_or_else(|| refuse("an `auth` is not a user and a password"))?;
    let password = password.trim_end_matches('\0').to_owned().into();
    Ok(Some(Login::Password { username: username.to_owned(), password }))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn shown(credentials: &Credentials, registry: &str) -> Option<String> {
        Some(match credentials.for_registry(registry).unwrap()? {
            Login::Token(token) => token.expose_secret().to_owned(),
            Login::Password { username, password } => {
                format!("{username}:{}", password.expose_secret())
            }
        })
    }

    fn variables(
        set: &[(&str, &str)],
        addressed: Option<&str>,
    ) -> Result<Credentials, CredentialError> {
        let value = |name: &str| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Credentials::from_variables(value, addressed)
    }

    #[test]
    fn given_variables_should_show_them_to_the_named_registry_alone() {
        let login = [("KENNEL_REGISTRY_USERNAME", "u"), ("KENNEL_REGISTRY_PASSWORD", "p:w")];
        let credentials = variables(&login, Some("r.example")).unwrap();
        assert_eq!(shown(&credentials, "r.example").as_deref(), Some("u:p:w"));
        assert_eq!(shown(&credentials, "r.example:443"), None);
        assert_eq!(shown(&variables(&login, None).unwrap(), "r.example"), None);
        let named = [("KENNEL_REGISTRY", "r.example"), ("KENNEL_REGISTRY_TOKEN", "t")];
        for addressed in [None, Some("s.example")] {
            let credentials = variables(&named, addressed).unwrap();
            assert_eq!(shown(&credentials, "r.example").as_deref(), Some("t"));
            assert_eq!(shown(&credentials, "s.example"), None);
        }
        assert!(variables(&login[..1], None).is_err());
        assert!(variables(&login[1..], None).is_err());
    }

    #[test]
    fn given_dockers_file_should_read_the_entry_of_the_registry_and_never_print_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        let docker = [("DOCKER_CONFIG", folder.path().to_str().unwrap())];
        let credentials = variables(&docker, Some("a.example")).unwrap();
        assert_eq!(shown(&credentials, "a.example"), None, "there is no file");

        let auth = STANDARD.encode("me:s3cret");
        let text = serde_json::json!({
            "auths": {
                "a.example": { "auth": auth },
                "https://b.example:5000/": { "auth": auth },
                DOCKER_HUB_KEY: { "auth": auth },
                "c.example": { "registrytoken": "bearer" },
                "d.example": {},
            },
            "credHelpers": { "e.example": "x" },
            "HttpHeaders": { "User-Agent": "x" },
        });
        std::fs::write(&file, text.to_string()).unwrap();
        for (registry, expected) in [
            ("a.example", Some("me:s3cret")),
            ("b.example:5000", Some("me:s3cret")),
            ("docker.io", Some("me:s3cret")),
            ("c.example", Some("bearer")),
            ("d.example", None),
            ("f.example", None),
        ] {
            assert_eq!(shown(&credentials, registry).as_deref(), expected, "{registry}");
        }
        assert!(credentials.hint("e.example").contains("credential helper"));
        let login = credentials.for_registry("a.example").unwrap();
        assert!(!format!("{credentials:?}{login:?}").contains("s3cret"));

        for text in ["s3cret", r#"{"auths":{"a.example":{"auth":"s3cret!"}}}"#] {
            std::fs::write(&file, text).unwrap();
            let error = credentials.for_registry("a.example").unwrap_err();
            assert!(!format!("{error}{error:?}").contains("s3cret"), "{error:?}");
        }
    }
}
