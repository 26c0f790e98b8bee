//! What the operator writes under `connection`.

use std::net::IpAddr;
use std::time::Duration;

use kennel_sdk::prelude::*;

use crate::Password;

/// How to reach a PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionConfig {
    /// Name or address of the server. `host:port` has to be granted under `[grants] tcp`.
    #[schemars(length(min = 1))]
    pub host: String,
    /// Its port.
    #[serde(default = "default_port")]
    pub port: u16,
    /// User to log in as.
    #[schemars(length(min = 1))]
    pub user: String,
    /// Password of the user: SCRAM-SHA-256 (with channel binding under TLS), MD5 or clear text, whichever the server asks for.
    /// `{ secret = "name" }`: one of `[grants] secrets`, which the component does not learn.
    #[serde(default)]
    pub password: Option<Password>,
    /// Database to work in.
    #[schemars(length(min = 1))]
    pub database: String,
    /// Encryption. If not set: `disable` for a server on this machine (`localhost`, a loopback address), `verify-full` for
    /// every other.
    #[serde(default)]
    pub tls: Option<Tls>,
    /// Certificates of authorities to trust instead of the public ones: PEM text, or the path of a PEM file as the component
    /// sees it.
    #[serde(default)]
    pub ca: Option<String>,
    /// Longest wait for a connection, the login included, in milliseconds. With `timeout_ms` it stays below the host's
    /// `call_timeout` of 10 seconds, or that is raised too.
    #[serde(default = "default_connect_timeout_ms")]
    #[schemars(range(min = 1))]
    pub connect_timeout_ms: u64,
    /// Longest wait for the answer to one piece of work, such as writing a batch, in milliseconds. A server that does not answer
    /// in time counts as unavailable.
    #[serde(default = "default_timeout_ms")]
    #[schemars(range(min = 1))]
    pub timeout_ms: u64,
    /// Name that the server shows for the connection (`pg_stat_activity`).
    #[serde(default = "default_application_name")]
    pub application_name: String,
}

/// Encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// None.
    Disable,
    /// Encrypted, but the certificate is not checked: against listeners, not against impostors.
    Require,
    /// Encrypted, and the certificate has to be valid for `host`.
    VerifyFull,
}

impl ConnectionConfig {
    /// The encryption to use: what is set, else by where the server is.
    #[must_use]
    pub fn effective_tls(&self) -> Tls {
        self.tls.unwrap_or(if self.is_local() { Tls::Disable } else { Tls::VerifyFull })
    }

    /// What JSON Schema cannot say; paths are below `prefix`, such as `/connection`.
    #[must_use]
    pub fn problems(&self, prefix: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let empty = [("host", &self.host), ("user", &self.user), ("database", &self.database)];
        for (key, _) in empty.into_iter().filter(|(_, value)| value.is_empty()) {
            problems.push(Problem::new(format!("{prefix}/{key}"), "must not be empty"));
        }
        if self.port == 0 {
            problems.push(Problem::new(format!("{prefix}/port"), "a port is 1 to 65535"));
        }
        for (key, value) in
            [("connect_timeout_ms", self.connect_timeout_ms), ("timeout_ms", self.timeout_ms)]
        {
            if value == 0 {
                problems.push(Problem::new(format!("{prefix}/{key}"), "at least one millisecond"));
            }
        }
        if self.ca.is_some() && self.effective_tls() != Tls::VerifyFull {
            let detail = "only tls = \"verify-full\" checks certificates";
            problems.push(Problem::new(format!("{prefix}/ca"), detail));
        }
        problems
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    fn is_local(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        address.map_or(self.host == "localhost", |address| address.is_loopback())
    }
}

fn default_port() -> u16 {
    5432
}

fn default_connect_timeout_ms() -> u64 {
    4_000
}

fn default_timeout_ms() -> u64 {
    5_000
}

fn default_application_name() -> String {
    "kennel".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GrantedPassword;

    fn config(json: serde_json::Value) -> ConnectionConfig {
        let mut whole = serde_json::json!({ "host": "db", "user": "u", "database": "d" });
        let (Some(whole), Some(more)) = (whole.as_object_mut(), json.as_object()) else {
            panic!("not objects");
        };
        whole.extend(more.clone());
        serde_json::from_value(serde_json::Value::Object(whole.clone())).unwrap()
    }

    #[test]
    fn given_no_encryption_setting_should_encrypt_unless_the_server_is_here() {
        for (host, expected) in [
            ("localhost", Tls::Disable),
            ("127.0.0.1", Tls::Disable),
            ("::1", Tls::Disable),
            ("db.example.com", Tls::VerifyFull),
            ("10.0.0.5", Tls::VerifyFull),
        ] {
            let config = config(serde_json::json!({ "host": host }));
            assert_eq!(config.effective_tls(), expected, "{host}");
        }
        let config = config(serde_json::json!({ "tls": "disable" }));
        assert_eq!(config.effective_tls(), Tls::Disable);
    }

    #[test]
    fn given_a_password_should_not_show_it() {
        let config = config(serde_json::json!({ "password": "s3cret" }));
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn given_the_name_of_a_secret_should_take_it_for_one() {
        let named = config(serde_json::json!({ "password": { "secret": "pw" } }));
        let expected = GrantedPassword { secret: "pw".to_owned() };
        assert_eq!(named.password, Some(Password::Granted(expected)));
    }

    #[test]
    fn given_settings_that_do_not_fit_should_name_each() {
        let config = config(serde_json::json!({
            "host": "", "port": 0, "timeout_ms": 0, "tls": "require", "ca": "ca.pem",
        }));
        let paths: Vec<_> =
            config.problems("/connection").into_iter().map(|problem| problem.path).collect();
        let expected = ["host", "port", "timeout_ms", "ca"].map(|key| format!("/connection/{key}"));
        assert_eq!(paths, expected);
    }
}
