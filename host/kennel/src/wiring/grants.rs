//! Grants and limits as the operator wrote them, for the crate that enforces them.

use std::sync::Arc;

use kennel_config::{
    ClockGrant, HostPattern, HttpGrant, HttpScheme, SecretGrant, SecretHost, SecretReference,
    TcpGrant,
};
use kennel_sandbox::Limits;
use kennel_sandbox::capability::limits::StoreLimits;
use kennel_sandbox::capability::network::Naming;
use kennel_sandbox::capability::secrets::{self, SecretHosts, SecretSource};
use kennel_sandbox::capability::tcp::{AddressRange, TcpGrants, TcpHost, TcpRule};
use kennel_sandbox::capability::{Clock, FileGrant, FileMode, Grants, HttpRule};

/// A granted URL pattern; the grammar stays with the configuration.
#[derive(Debug)]
struct Rule(HttpGrant);

impl HttpRule for Rule {
    fn allows(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        http_scheme(scheme).is_some_and(|scheme| self.0.allows(scheme, host, port, path))
    }

    fn naming(&self) -> Naming {
        match self.0.host() {
            HostPattern::Name(_) | HostPattern::Address(_) => Naming::Full,
            HostPattern::AnyLabelBelow(_) => Naming::Wildcard,
        }
    }
}

fn http_scheme(scheme: &str) -> Option<HttpScheme> {
    match scheme {
        "http" => Some(HttpScheme::Http),
        "https" => Some(HttpScheme::Https),
        _ => None,
    }
}

/// The hosts that one secret may be sent to.
#[derive(Debug)]
struct Hosts(Vec<SecretHost>);

impl SecretHosts for Hosts {
    fn allow(&self, scheme: &str, host: &str, port: u16) -> bool {
        http_scheme(scheme)
            .is_some_and(|scheme| self.0.iter().any(|it| it.allows(scheme, host, port)))
    }
}

/// What the sandbox enforces for `grants`.
pub(super) fn sandbox_grants(grants: &kennel_config::Grants) -> Grants {
    let http = grants.http.iter().map(|grant| Arc::new(Rule(grant.clone())) as Arc<dyn HttpRule>);
    let files = grants.files.iter().map(|grant| FileGrant {
        host: grant.path.clone(),
        guest: grant.guest.clone(),
        mode: match grant.mode {
            kennel_config::FileMode::ReadOnly => FileMode::ReadOnly,
            kennel_config::FileMode::ReadWrite => FileMode::ReadWrite,
        },
    });
    Grants {
        http: http.collect(),
        tcp: TcpGrants::new(grants.tcp.iter().map(tcp_rule).collect()),
        files: files.collect(),
        state_bytes: grants.state.map(|size| size.as_usize() as u64),
        stdout: grants.stdout,
        env: grants.env.iter().map(|env| (env.name.clone(), env.value.clone())).collect(),
        secrets: grants.secrets.iter().map(secret).collect(),
        clock: match grants.clock {
            ClockGrant::Real => Clock::Real,
            ClockGrant::Coarse => Clock::Coarse,
            ClockGrant::Frozen => Clock::Frozen,
        },
    }
}

fn secret(grant: &SecretGrant) -> secrets::SecretGrant {
    let source = match &grant.reference {
        SecretReference::Env(name) => SecretSource::Variable {
            name: name.clone(),
            value: grant.value.clone().unwrap_or_default(),
        },
        SecretReference::File(path) => SecretSource::file(path.clone()),
    };
    let hosts = grant.hosts.as_ref().map(|hosts| Arc::new(Hosts(hosts.clone())) as Arc<_>);
    secrets::SecretGrant {
        name: grant.name.clone(),
        source: Arc::new(source),
        hosts,
        reveal: grant.reveal,
    }
}

/// What the sandbox enforces for `limits`.
pub(super) fn sandbox_limits(limits: &kennel_config::Limits) -> Limits {
    Limits {
        store: StoreLimits {
            memory: limits.memory.as_usize(),
            resources: limits.resources as usize,
            connections: limits.connections as usize,
            egress_per_second: limits.egress.map(|size| size.as_usize() as u64),
            http_body: limits.http_body.as_usize() as u64,
            log_per_second: limits.log.as_usize() as u64,
        },
        call_timeout: limits.call_timeout,
        cpu_timeout: limits.cpu_timeout,
        cpu_share: limits.cpu_share,
        transfer: limits.transfer.as_usize(),
        batches: limits.instance_batches,
    }
}

fn tcp_rule(grant: &TcpGrant) -> TcpRule {
    let host = match grant.host() {
        kennel_config::TcpHost::Name(name) => TcpHost::Name(name.clone()),
        kennel_config::TcpHost::AnyLabelBelow(parent) => TcpHost::AnyLabelBelow(parent.clone()),
        kennel_config::TcpHost::Range { first, length } => {
            TcpHost::Range(AddressRange::new(*first, *length))
        }
    };
    TcpRule { host, port: grant.port() }
}
