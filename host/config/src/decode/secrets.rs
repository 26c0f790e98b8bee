//! `secrets` and `reveal` of the `[grants]` section.
//!
//! Whoever writes a secret itself where its reference belongs gets an error that does not quote the line.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::Surroundings;
use super::grants::correct_http;
use crate::error::{ConfigError, Problem};
use crate::grant::{
    SecretGrant, SecretHost, SecretHostError, SecretReference, SecretReferenceError, is_secret_name,
};
use crate::nearest;
use crate::node::{Entry, Node, Table, Value};
use crate::policy::Asked;
use crate::reader::{Errors, Reader};

const EXAMPLE: &str =
    "for example \"secret://env/PG_PASSWORD\" or \"secret://file/run/secrets/key\"";

/// Secrets that are granted. `must_exist`: their values have to be there.
pub(super) fn secrets(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    must_exist: bool,
) -> Vec<SecretGrant> {
    let mut grants = Vec::new();
    if let Some(Node { value: Value::Table(table), .. }) = reader.named("secrets") {
        let decoder = Decoder { errors: reader.errors, surroundings, must_exist };
        grants.extend(table.entries().iter().filter_map(|entry| decoder.secret(entry)));
    }
    for (name, origin) in reader.texts("reveal") {
        let grant = grants.iter_mut().find(|grant| grant.name == name);
        let refusal = match grant {
            Some(grant) if !grant.reveal => {
                surroundings.judge(&Asked::Reveal(&name), &origin, reader.errors);
                grant.reveal = true;
                continue;
            }
            Some(_) => {
                (format!("\"{name}\" stands here twice"), "remove one of the two".to_owned())
            }
            None => {
                let known: Vec<_> = grants.iter().map(|grant| grant.name.as_str()).collect();
                let help = match nearest::find(&name, known.iter().copied()) {
                    Some(known) => format!("did you mean \"{known}\"?"),
                    None => "grant it first: secrets = { name = \"secret://…\" }".to_owned(),
                };
                ("this is not the name of a granted secret".to_owned(), help)
            }
        };
        let problem = Problem::InvalidValue { key: "reveal".to_owned(), detail: refusal.0 };
        reader.errors.push(ConfigError::new(problem).at(&origin).help(refusal.1));
    }
    grants
}

struct Decoder<'a> {
    errors: &'a Errors,
    surroundings: &'a Surroundings<'a>,
    must_exist: bool,
}

impl Decoder<'_> {
    fn secret(&self, entry: &Entry) -> Option<SecretGrant> {
        let key = format!("secrets.{}", entry.key);
        if !is_secret_name(&entry.key) {
            let problem = Problem::InvalidValue {
                key: "secrets".to_owned(),
                detail: "a secret's name is 1 to 64 letters, digits, `-`, `_` or `.`".to_owned(),
            };
            let help = "for example `password = \"secret://env/PG_PASSWORD\"`";
            self.errors.push(ConfigError::new(problem).at_masked(&entry.key_origin).help(help));
            return None;
        }
        let (from, hosts) = match &entry.node.value {
            Value::Table(table) => self.parts(&key, &entry.node, table)?,
            _ => (&entry.node, None),
        };
        let reference = self.reference(&key, from)?;
        let at = &from.origin;
        let value = match &reference {
            SecretReference::Env(name) => {
                self.surroundings.judge(&Asked::SecretEnv(name), at, self.errors);
                let value = self.surroundings.environment.get(name).filter(|it| !it.is_empty());
                if value.is_none() && self.must_exist {
                    let detail = format!("the environment variable {name} is not set");
                    self.refuse(
                        &key,
                        from,
                        detail,
                        format!("set it for the host: export {name}=…"),
                    );
                }
                Some(value.unwrap_or_default().into())
            }
            SecretReference::File(path) => {
                // Judged where it leads now, and read where it is written: such links are turned on purpose
                // when a secret changes.
                let real = self.surroundings.permitted_place(path, at, self.errors)?;
                self.surroundings.judge(&Asked::SecretFile(&real), at, self.errors);
                if self.must_exist {
                    self.check_file(&key, from, path);
                }
                None
            }
        };
        Some(SecretGrant { name: entry.key.clone(), reference, value, hosts, reveal: false })
    }

    /// `{ from = "secret://…", hosts = ["https://…"] }`.
    fn parts<'n>(
        &self,
        key: &str,
        node: &'n Node,
        table: &'n Table,
    ) -> Option<(&'n Node, Option<Vec<SecretHost>>)> {
        const KEYS: [&str; 2] = ["from", "hosts"];
        for entry in table.entries().iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let place = format!("in [grants.{key}]");
            let problem = Problem::UnknownKey { key: entry.key.clone(), place };
            let help = nearest::help(&entry.key, KEYS.into_iter());
            self.errors.push(ConfigError::new(problem).at_masked(&entry.key_origin).help(help));
        }
        let hosts = table.get("hosts").map(|entry| self.hosts(key, &entry.node));
        let Some(from) = table.get("from") else {
            let place = format!("in [grants.{key}]");
            let problem = Problem::MissingKey { key: "from".to_owned(), place };
            let help = "add `from = \"secret://env/NAME\"`";
            self.errors.push(ConfigError::new(problem).at_masked(&node.origin).help(help));
            return None;
        };
        Some((&from.node, hosts))
    }

    fn reference(&self, key: &str, node: &Node) -> Option<SecretReference> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(key, node, "text or a table", EXAMPLE);
            return None;
        };
        match text.parse() {
            Ok(reference) => Some(reference),
            Err(error) => {
                let help = match error {
                    SecretReferenceError::Scheme if text.starts_with("env:") => {
                        "write \"secret://env/NAME\""
                    }
                    SecretReferenceError::Scheme if text.starts_with("file:") => {
                        "write \"secret://file/PATH\" with an absolute path"
                    }
                    SecretReferenceError::Scheme => {
                        "a secret is never written here: name the variable or file that holds it, \
                         \"secret://env/NAME\" or \"secret://file/PATH\""
                    }
                    _ => EXAMPLE,
                };
                self.refuse(key, node, error.to_string(), help);
                None
            }
        }
    }

    /// What is wrong with a list is said; what remains of it grants less, not more.
    fn hosts(&self, key: &str, node: &Node) -> Vec<SecretHost> {
        const EXAMPLE: &str = "for example `hosts = [\"https://api.example.com\"]`";
        let key = format!("{key}.hosts");
        let Value::List(list) = &node.value else {
            self.wrong_type(&key, node, "a list of texts", EXAMPLE);
            return Vec::new();
        };
        let host = |node: &Node| {
            let Value::Text(text) = &node.value else {
                self.wrong_type(&key, node, "a list of texts", EXAMPLE);
                return None;
            };
            match text.parse() {
                Ok(host) => Some(host),
                Err(error) => {
                    let help = match error {
                        SecretHostError::Host(error) => correct_http(text, error),
                        SecretHostError::Path => "end it with the host or its port".to_owned(),
                    };
                    self.refuse(&key, node, error.to_string(), help);
                    None
                }
            }
        };
        list.iter().filter_map(host).collect()
    }

    /// Everything about the file but what is in it.
    fn check_file(&self, key: &str, node: &Node, path: &Path) {
        /// Of a mode: everybody may read.
        const BY_OTHERS: u32 = 0o004;
        let shown = path.display();
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                let help = "write the path of a file that holds the secret and nothing else";
                self.refuse(key, node, format!("cannot read {shown}: {error}"), help);
                return;
            }
        };
        // Before it is opened: opening a pipe waits for whoever writes to it.
        let detail = if !metadata.is_file() {
            format!("{shown} is not a regular file")
        } else if metadata.len() == 0 {
            format!("{shown} is empty")
        } else if let Err(error) = File::open(path) {
            format!("cannot read {shown}: {error}")
        } else {
            if metadata.mode() & BY_OTHERS != 0 {
                let detail = format!("every user of this machine may read the secret in {shown}");
                let warning = ConfigError::new(Problem::Exposed { detail }).at_masked(&node.origin);
                self.errors.warn(warning.help(format!("chmod o-r {shown}")));
            }
            return;
        };
        self.refuse(key, node, detail, "name a file that holds the secret and nothing else");
    }

    fn refuse(&self, key: &str, node: &Node, detail: String, help: impl Into<String>) {
        let problem = Problem::InvalidValue { key: key.to_owned(), detail };
        self.errors.push(ConfigError::new(problem).at_masked(&node.origin).help(help));
    }

    fn wrong_type(&self, key: &str, node: &Node, expected: &str, help: &str) {
        let problem = Problem::WrongType {
            key: key.to_owned(),
            expected: expected.to_owned(),
            found: node.value.kind(),
        };
        self.errors.push(ConfigError::new(problem).at_masked(&node.origin).help(help));
    }
}
