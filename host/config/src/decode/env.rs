//! `env` of the `[grants]` section.

use std::collections::HashSet;

use super::Surroundings;
use crate::error::{ConfigError, Problem};
use crate::grant::EnvGrant;
use crate::grant::check_env_name;
use crate::policy::Asked;
use crate::reader::Reader;
use crate::source_file::{Origin, sounds_secret};

/// Variables that are granted. `must_be_set`: those of the host have to be there.
pub(super) fn env(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    must_be_set: bool,
) -> Vec<EnvGrant> {
    let mut names = HashSet::new();
    let mut grants = Vec::new();
    for entry in reader.texts_or_sections("env") {
        let Some((grant, origin)) = (match &entry {
            Ok((name, origin)) => from_host(reader, surroundings, (name, origin), must_be_set),
            Err(section) => written(section),
        }) else {
            continue;
        };
        if !names.insert(grant.name.clone()) {
            let detail = format!("the environment variable {} is granted twice", grant.name);
            let error = ConfigError::new(Problem::Conflict { detail }).at(&origin);
            reader.errors.push(error.help("remove one of the two"));
        }
        grants.push(grant);
    }
    grants
}

/// A variable of the host that is passed through.
fn from_host(
    reader: &Reader<'_>,
    surroundings: &Surroundings<'_>,
    (name, origin): (&str, &Origin),
    must_be_set: bool,
) -> Option<(EnvGrant, Origin)> {
    let refuse = |detail: String, help: String| {
        let problem = Problem::InvalidValue { key: "env".to_owned(), detail };
        reader.errors.push(ConfigError::new(problem).at(origin).help(help));
    };
    if let Err(error) = check_env_name(name) {
        let help = match name.split_once('=') {
            Some((name, _)) => format!("write {{ name = \"{name}\", value = \"…\" }}"),
            None => "for example \"TZ\"; each variable is granted by its own name".to_owned(),
        };
        refuse(error.to_string(), help);
        return None;
    }
    let value = surroundings.environment.get(name).map(str::to_owned);
    if value.is_none() && must_be_set {
        let help = format!(
            "set it for the host: export {name}=…, or here: {{ name = \"{name}\", value = \"…\" }}"
        );
        refuse(format!("the environment variable {name} is not set"), help);
        return None;
    }
    surroundings.judge(&Asked::Env(name), origin, reader.errors);
    if sounds_secret(name) {
        let detail = format!("the component sees the value of {name}, which sounds like a secret");
        let help = format!("grant its use only: secrets = {{ name = \"secret://env/{name}\" }}");
        let warning = ConfigError::new(Problem::Exposed { detail }).at(origin);
        reader.errors.warn(warning.help(help));
    }
    let grant = EnvGrant { name: name.to_owned(), value: value.unwrap_or_default() };
    Some((grant, origin.clone()))
}

/// A variable with a value of its own.
fn written(section: &Reader<'_>) -> Option<(EnvGrant, Origin)> {
    let (name, value) = (section.text("name"), section.text("value"));
    let name = name.filter(|name| match check_env_name(name) {
        Ok(()) => true,
        Err(error) => {
            section.refuse("name", error.to_string(), "for example `name = \"TZ\"`");
            false
        }
    });
    let value = value.filter(|value| {
        let valid = !value.contains('\0');
        if !valid {
            section.refuse("value", "a variable cannot hold a zero byte", "remove it");
        }
        valid
    });
    let origin = section.origin_of("name").clone();
    Some((EnvGrant { name: name?, value: value? }, origin))
}
