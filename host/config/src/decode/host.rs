//! `kennel.toml`.

use std::net::IpAddr;

use super::Surroundings;
use super::credentials::{credentials, secret};
use super::policy::policy;
use crate::host::{
    ComponentsConfig, HostConfig, IggyConfig, IggyTls, LogFormat, LoggingConfig, NetworkConfig,
    ProviderConfig, RuntimeConfig, ServerAddress, StateConfig,
};
use crate::oci::is_registry;
use crate::reader::Reader;

/// None: something required is wrong; the errors say what.
pub(crate) fn host(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<HostConfig> {
    let iggy = iggy(&reader.section("iggy"), surroundings);
    let state = reader.section("state").path("path");
    let components = components(&reader.section("components"), surroundings);
    let network = network(&reader.section("network"), surroundings);
    let logging = logging(&reader.section("logging"));
    let policy = reader.has("policy").then(|| policy(&reader.section("policy"), surroundings));
    let connectors = reader.section("connectors");
    let provider = provider(&connectors, surroundings);
    if let Some(provider) = provider.as_ref().filter(|_| policy.is_none()) {
        let detail = format!(
            "connectors from {} need a [policy]: without one, whoever answers there may grant them \
             everything",
            provider.shown()
        );
        let help = "add [policy] to kennel.toml, with all that those connectors may be granted";
        connectors.conflict("url", detail, help);
    }
    let runtime = reader.section("runtime");
    let runtime = RuntimeConfig {
        drain_timeout: runtime.duration("drain_timeout"),
        memory_budget: runtime.size_option("memory_budget"),
    };
    Some(HostConfig {
        iggy: iggy?,
        state: StateConfig { path: surroundings.resolve(state?) },
        components: components?,
        network,
        logging: logging?,
        runtime,
        provider,
        policy,
    })
}

/// None: no URL, or one that is wrong; the errors say so.
fn provider(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<ProviderConfig> {
    let url = reader.text("url");
    let token = reader.has("token").then(|| secret(reader, "token", surroundings)).flatten();
    let Some(url) = url else {
        if reader.has("token") && !reader.has("url") {
            reader.conflict(
                "token",
                "`token` has no effect without `url`",
                "add `url`, or remove it",
            );
        }
        return None;
    };
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest.filter(|rest| !rest.contains(['#', ' ']) && url.is_ascii()) else {
        let help = "for example \"https://config.example.com/kennel/connectors\"";
        reader.refuse("url", "not an `http://` or `https://` URL", help);
        return None;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        let help = "write the host and its port only; a secret belongs into `token`";
        reader.refuse("url", "there is no host, or a user before it", help);
        return None;
    }
    if token.is_some() && url.starts_with("http://") && !is_this_machine(authority) {
        let detail = "the token would be sent in clear text to another machine";
        reader.conflict("token", detail, "write `https://` in `url`");
    }
    Some(ProviderConfig { url, token })
}

fn is_this_machine(authority: &str) -> bool {
    let address: Result<ServerAddress, _> = match authority.parse() {
        Ok(address) => Ok(address),
        Err(_) => format!("{authority}:80").parse(),
    };
    address.is_ok_and(|address| {
        let host = address.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn iggy(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<IggyConfig> {
    let address = address(reader);
    let credentials = credentials(reader, surroundings);
    let tls = tls(&reader.section("tls"), surroundings);
    Some(IggyConfig { address: address?, credentials: credentials?, tls })
}

fn address(reader: &Reader<'_>) -> Option<ServerAddress> {
    let text = reader.text("address")?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(error) => {
            reader.refuse(
                "address",
                format!("{error}"),
                "write it as \"host:port\", for example \"127.0.0.1:8090\"",
            );
            None
        }
    }
}

fn tls(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<IggyTls> {
    let ca_file = reader.path("ca_file").map(|path| surroundings.resolve(path));
    let domain = reader.text("domain");
    if !reader.flag("enabled") {
        for key in ["ca_file", "domain"].into_iter().filter(|key| reader.has(key)) {
            let detail = format!("`{key}` has no effect while TLS is not enabled");
            reader.conflict(key, detail, "add `enabled = true` to [iggy.tls]");
        }
        return None;
    }
    if let Some(file) = ca_file.as_ref().filter(|file| !file.is_file()) {
        let detail = format!("there is no file {}", file.display());
        reader.refuse("ca_file", detail, "write the path of a PEM file, or leave it out");
    }
    Some(IggyTls { ca_file, domain })
}

fn components(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> Option<ComponentsConfig> {
    let search = reader.texts("search");
    let plain_http = reader.texts("plain_http");
    for (registry, _) in plain_http.iter().filter(|(registry, _)| !is_registry(registry)) {
        let detail = format!("\"{registry}\" is not a registry");
        let help = "write host or host:port in lower case, for example \"registry.lan:5000\"";
        reader.refuse("plain_http", detail, help);
    }
    Some(ComponentsConfig {
        cache: surroundings.resolve(reader.path("cache")?),
        search: search.iter().map(|(folder, _)| surroundings.resolve(folder)).collect(),
        plain_http: plain_http.into_iter().map(|(registry, _)| registry).collect(),
    })
}

fn network(reader: &Reader<'_>, surroundings: &Surroundings<'_>) -> NetworkConfig {
    let files = reader.texts("ca_files").into_iter();
    let ca_files: Vec<_> = files.map(|(file, _)| surroundings.resolve(file)).collect();
    if let Some(file) = ca_files.iter().find(|file| !file.is_file()) {
        let detail = format!("there is no file {}", file.display());
        reader.refuse("ca_files", detail, "write paths of PEM files, or leave it out");
    }
    NetworkConfig { ca_files, public_authorities: reader.flag("public_authorities") }
}

fn logging(reader: &Reader<'_>) -> Option<LoggingConfig> {
    let formats = [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
    let format = reader.choice("format", &formats);
    let level = reader.text("level")?;
    if !level.split(',').all(is_log_directive) {
        let help = "write error, warn, info, debug or trace, or a list such as \
                    \"info,kennel_broker=debug\"";
        reader.refuse("level", format!("\"{level}\" is not a level"), help);
    }
    Some(LoggingConfig { format: format?, level })
}

/// `level` or `target=level`.
fn is_log_directive(directive: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let (target, level) = directive.trim().rsplit_once('=').unwrap_or(("any", directive.trim()));
    let known = LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level));
    let target_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'-');
    known && !target.is_empty() && target.bytes().all(target_byte)
}
