//! The environment variables a configuration may name, as a value that tests can make.

use std::collections::BTreeMap;

/// Environment variables. Variables that are not UTF-8 are left out.
#[derive(Debug, Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Name and section path of each variable that overrides a key: `KENNEL_IGGY__TLS__ENABLED`
    /// gives `["iggy", "tls", "enabled"]`. Variables without `__` are not overrides.
    pub(crate) fn overrides(&self) -> impl Iterator<Item = (&str, Vec<String>, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let path = name.strip_prefix("KENNEL_")?;
            path.contains("__").then(|| {
                let path = path.split("__").map(str::to_ascii_lowercase).collect();
                (name.as_str(), path, value.as_str())
            })
        })
    }
}

impl<Name: Into<String>, Value: Into<String>> FromIterator<(Name, Value)> for Environment {
    fn from_iter<I: IntoIterator<Item = (Name, Value)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}
