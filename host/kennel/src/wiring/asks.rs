//! Three keys: a component asks, `[grants]` gives, and `[policy]` bounds.

mod granted;
mod target;

use kennel_config::{Asked, ConfigError, Grants, Policy, TcpHost};
use kennel_sandbox::capability::tcp::AddressRange;
use kennel_sandbox::{Ask, Component};

use super::Loaded;
use super::accepted::Accepted;
use granted::Verdict;

/// One guest of a connector, with what its configuration says.
pub(super) struct Guest<'a> {
    /// `sink`, `source`, `transform-0` …
    pub(super) role: String,
    pub(super) component: &'a Component,
    pub(super) grants: &'a Grants,
    pub(super) config: &'a serde_json::Value,
}

/// All guests of a connector.
pub(super) fn guests(loaded: &Loaded) -> Vec<Guest<'_>> {
    let config = &loaded.config;
    let own = Guest {
        role: config.direction.name().to_owned(),
        component: &loaded.component,
        grants: &config.grants,
        config: config.config.value(),
    };
    let transforms = loaded.transforms.iter().zip(&config.transforms).enumerate();
    let transforms = transforms.map(|(number, (component, config))| Guest {
        role: kennel_pipeline::transform_role(number),
        component,
        grants: &config.grants,
        config: config.config.value(),
    });
    std::iter::once(own).chain(transforms).collect()
}

/// What components cannot do without and are not granted, and what the policy permits only in part.
/// `accepted` is what ran here last.
pub(crate) fn lacking(
    loaded: &Loaded,
    policy: Option<&Policy>,
    accepted: &Accepted,
) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for guest in guests(loaded) {
        let about = guest.component.description();
        let upgrade = accepted.upgrade(&loaded.config.key, &guest.role, guest.component);
        for ask in about.asks.iter().filter(|ask| !ask.optional) {
            let Verdict::Lacking { line } = granted::verdict(ask, guest.grants, guest.config)
            else {
                continue;
            };
            let upgrade = upgrade.as_ref().map(|it| format!("; {it}")).unwrap_or_default();
            let help = format!("{line}{upgrade}");
            errors.push(guest.grants.lacking(&about.name, in_words(ask), help));
        }
        errors.extend(policy.iter().flat_map(|policy| reserved(policy, guest.grants)));
    }
    errors
}

/// What is granted and was never asked for: warnings.
pub(crate) fn not_asked(loaded: &Loaded) -> Vec<ConfigError> {
    let mut warnings = Vec::new();
    for guest in guests(loaded) {
        let about = guest.component.description();
        for capability in granted::capabilities(guest.grants) {
            if about.asks.iter().all(|ask| ask.capability != capability) {
                warnings.push(guest.grants.not_asked(&about.name, capability));
            }
        }
    }
    warnings
}

/// `http config:/url ("messages are sent there")`.
pub(crate) fn in_words(ask: &Ask) -> String {
    let mut text = ask.capability.clone();
    for part in [ask.target.clone(), format!("(\"{}\")", ask.reason)] {
        if !part.is_empty() && part != "(\"\")" {
            text.push(' ');
            text.push_str(&part);
        }
    }
    text
}

/// Grants of reserved addresses (loopback, metadata …) that lie in a range of the policy, but that such
/// a wide range would not open as a grant.
fn reserved(policy: &Policy, grants: &Grants) -> Vec<ConfigError> {
    let range = |host: &TcpHost| match host {
        TcpHost::Range { first, length } => Some(AddressRange::new(*first, *length)),
        TcpHost::Name(_) | TcpHost::AnyLabelBelow(_) => None,
    };
    let refused = grants.tcp.iter().filter(|grant| {
        let Some(granted) = range(grant.host()) else { return false };
        let mut permitting = policy.tcp.iter().filter(|entry| entry.covers(grant));
        !permitting.any(|entry| range(entry.host()).is_some_and(|it| it.covers(&granted)))
    });
    refused.map(|grant| grants.not_permitted(policy, &Asked::Tcp(grant))).collect()
}
