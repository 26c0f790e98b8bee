//! Whether one ask is granted.

use std::net::IpAddr;

use kennel_config::{Grants, HttpGrant, TcpGrant, TcpHost};
use kennel_sandbox::Ask;
use serde_json::Value;

use super::target::{Target, resolve};

/// The answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Granted,
    /// `line` says how it is granted.
    Lacking {
        line: String,
    },
}

/// The capabilities that are granted, as asks name them.
pub(super) fn capabilities(grants: &Grants) -> Vec<&'static str> {
    let granted = [
        ("http", !grants.http.is_empty()),
        ("tcp", !grants.tcp.is_empty()),
        ("files", !grants.files.is_empty()),
        ("state", grants.state.is_some()),
        ("stdout", grants.stdout),
        ("env", !grants.env.is_empty()),
        ("secrets", !grants.secrets.is_empty()),
        ("reveal", grants.secrets.iter().any(|grant| grant.reveal)),
    ];
    granted.into_iter().filter_map(|(name, granted)| granted.then_some(name)).collect()
}

/// Whether `grants` give what `ask` asks for under this configuration. A target that cannot be read, such as
/// a URL with a place holder, is taken as granted where anything of its kind is: what is really done is
/// checked when it is done.
pub(super) fn verdict(ask: &Ask, grants: &Grants, config: &Value) -> Verdict {
    // What a configuration says there may be a password itself: it is neither compared nor shown.
    if matches!(ask.capability.as_str(), "secrets" | "reveal") && ask.target.starts_with("config:")
    {
        return Verdict::Granted;
    }
    let any = capabilities(grants).contains(&ask.capability.as_str());
    let values = match resolve(&ask.target, config) {
        Target::Nothing => return Verdict::Granted,
        Target::Any => Vec::new(),
        Target::Values(values) => values,
    };
    let is_granted = |value: &(String, Option<u64>)| match ask.capability.as_str() {
        "http" => http(&value.0, grants).unwrap_or(any),
        "tcp" => tcp(value, grants).unwrap_or(any),
        "files" if value.0.starts_with('/') => files(&value.0, grants),
        "env" => grants.env.iter().any(|grant| grant.name == value.0),
        "secrets" => grants.secrets.iter().any(|grant| grant.name == value.0),
        "reveal" => grants.secrets.iter().any(|grant| grant.name == value.0 && grant.reveal),
        _ => any,
    };
    let lacking = values.iter().find(|value| !is_granted(value));
    match (lacking, values.is_empty() && !any) {
        (None, false) => Verdict::Granted,
        (value, _) => Verdict::Lacking { line: line(&ask.capability, value) },
    }
}

/// None: the URL cannot be read.
fn http(url: &str, grants: &Grants) -> Option<bool> {
    let fixed = url.split(['?', '#']).next().unwrap_or_default();
    if let Some(place_holder) = fixed.find(['{', '<', '$']) {
        let origin: HttpGrant = fixed[..place_holder].parse().ok()?;
        return Some(grants.http.iter().any(|grant| {
            grant.scheme() == origin.scheme()
                && grant.port() == origin.port()
                && grant.host().includes(origin.host())
        }));
    }
    // As a grant, no path means every path, and as a request the root.
    let bare = fixed.matches('/').count() == 2;
    let exact: HttpGrant = format!("{fixed}{}", if bare { "/" } else { "" }).parse().ok()?;
    Some(grants.http.iter().any(|grant| grant.includes(&exact)))
}

/// None: the host cannot be read.
fn tcp((host, port): &(String, Option<u64>), grants: &Grants) -> Option<bool> {
    let target: Option<TcpGrant> = match port {
        Some(port) => format!("{}:{port}", bracketed(host)).parse().ok(),
        None => host.parse().ok(),
    };
    if let Some(target) = target {
        return Some(grants.tcp.iter().any(|grant| grant.includes(&target)));
    }
    let host: TcpHost = bracketed(host).parse().ok()?;
    Some(grants.tcp.iter().any(|grant| grant.host().includes(&host)))
}

fn bracketed(host: &str) -> String {
    match host.parse() {
        Ok(IpAddr::V6(_)) => format!("[{host}]"),
        _ => host.to_owned(),
    }
}

fn files(path: &str, grants: &Grants) -> bool {
    grants.files.iter().any(|grant| {
        let below = path.strip_prefix(grant.guest.trim_end_matches('/'));
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    })
}

/// What to add to `[grants]`.
fn line(capability: &str, value: Option<&(String, Option<u64>)>) -> String {
    let line = match (capability, value) {
        ("http", Some((url, _))) => {
            let url = url.split(['?', '#', '{', '<', '$']).next().unwrap_or_default();
            format!("http = [\"{url}\"]")
        }
        ("http", None) => "http = [\"https://HOST/*\"]".to_owned(),
        ("tcp", Some((host, Some(port)))) => format!("tcp = [\"{}:{port}\"]", bracketed(host)),
        ("tcp", Some((address, None))) if address.parse::<TcpGrant>().is_ok() => {
            format!("tcp = [\"{address}\"]")
        }
        ("tcp", Some((host, None))) => format!("tcp = [\"{}:PORT\"]", bracketed(host)),
        ("tcp", None) => "tcp = [\"HOST:PORT\"]".to_owned(),
        ("files", Some((path, _))) if path.starts_with('/') => {
            let folder = path.split(['*', '?']).next().unwrap_or_default();
            let folder = match folder == path {
                true => folder,
                false => folder.rsplit_once('/').map_or("/", |(folder, _)| folder),
            };
            format!("files = [{{ path = \"FOLDER OF THE HOST\", guest = \"{folder}\" }}]")
        }
        ("files", _) => {
            "files = [{ path = \"FOLDER OF THE HOST\", guest = \"/FOLDER\" }]".to_owned()
        }
        ("state", _) => "state = \"16MiB\"".to_owned(),
        ("stdout", _) => "stdout = true".to_owned(),
        ("env", value) => format!("env = [\"{}\"]", value.map_or("NAME", |it| it.0.as_str())),
        ("secrets", value) => {
            let name = value.map_or("NAME", |it| it.0.as_str());
            format!("secrets = {{ {name} = \"secret://env/VARIABLE\" }}")
        }
        ("reveal", value) => {
            format!("reveal = [\"{}\"]", value.map_or("NAME", |it| it.0.as_str()))
        }
        (other, _) => {
            return format!("this version cannot grant `{other}`; use a component without it");
        }
    };
    format!("add to [grants]: {line}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grants(http: &[&str], tcp: &[&str]) -> Grants {
        let mut grants = Grants::default();
        grants.http = http.iter().map(|text| text.parse().unwrap()).collect();
        grants.tcp = tcp.iter().map(|text| text.parse().unwrap()).collect();
        grants
    }

    fn ask(capability: &str, target: &str) -> Ask {
        Ask {
            capability: capability.to_owned(),
            target: target.to_owned(),
            reason: String::new(),
            optional: false,
        }
    }

    #[test]
    fn given_asks_should_compare_what_the_configuration_names_with_what_is_granted() {
        let granted = grants(
            &["https://api.example.com/v1/*", "http://127.0.0.1:9200"],
            &["db.internal:5432", "10.0.0.0/8:1", "*.example.com:443", "[::1]:5432"],
        );
        for (capability, value, expected) in [
            ("http", json!("https://api.example.com/v1/orders"), true),
            ("http", json!("https://api.example.com/v1/orders?x=1"), true),
            ("http", json!("https://api.example.com/v2/orders"), false),
            ("http", json!("https://api.example.com"), false),
            ("http", json!("http://127.0.0.1:9200"), true),
            ("http", json!("http://localhost:9200"), false),
            ("http", json!("https://api.example.com/{topic}/x"), true),
            ("http", json!("https://other.example.com/{topic}/x"), false),
            ("http", json!("not a url"), true),
            ("tcp", json!("db.internal:5432"), true),
            ("tcp", json!("db.internal:5433"), false),
            ("tcp", json!("db.internal"), true),
            ("tcp", json!("other.internal"), false),
            ("tcp", json!("10.9.9.9:1"), true),
            ("tcp", json!("a.example.com:443"), true),
            ("tcp", json!(["db.internal:5432", "other:5432"]), false),
            ("tcp", json!({ "host": "::1", "port": 5432 }), true),
            ("tcp", json!({ "host": "::1", "port": 5433 }), false),
            ("tcp", json!(null), true),
        ] {
            let config = json!({ "at": value });
            let verdict = verdict(&ask(capability, "config:/at"), &granted, &config);
            assert_eq!(verdict == Verdict::Granted, expected, "{capability} {config}");
        }
    }

    #[test]
    fn given_nothing_granted_should_name_the_line_that_grants_it() {
        let config = json!({
            "url": "https://h.example/x/{id}", "db": { "host": "db", "port": 1 }, "name": "db",
            "folder": "/out", "glob": "/in/a/*.csv",
        });
        for (capability, target, line) in [
            ("http", "config:/url", "add to [grants]: http = [\"https://h.example/x/\"]"),
            ("http", "", "add to [grants]: http = [\"https://HOST/*\"]"),
            ("tcp", "config:/db", "add to [grants]: tcp = [\"db:1\"]"),
            ("tcp", "config:/name", "add to [grants]: tcp = [\"db:PORT\"]"),
            ("tcp", "db:5432", "add to [grants]: tcp = [\"db:5432\"]"),
            (
                "files",
                "config:/folder",
                "add to [grants]: files = [{ path = \"FOLDER OF THE HOST\", guest = \"/out\" }]",
            ),
            (
                "files",
                "config:/glob",
                "add to [grants]: files = [{ path = \"FOLDER OF THE HOST\", guest = \"/in/a\" }]",
            ),
            ("env", "TZ", "add to [grants]: env = [\"TZ\"]"),
            (
                "secrets",
                "password",
                "add to [grants]: secrets = { password = \"secret://env/VARIABLE\" }",
            ),
            ("reveal", "password", "add to [grants]: reveal = [\"password\"]"),
            ("state", "seen", "add to [grants]: state = \"16MiB\""),
            ("stdout", "", "add to [grants]: stdout = true"),
            ("gpu", "", "this version cannot grant `gpu`; use a component without it"),
        ] {
            let found = verdict(&ask(capability, target), &Grants::default(), &config);
            assert_eq!(found, Verdict::Lacking { line: line.to_owned() }, "{capability} {target}");
        }
    }
}
