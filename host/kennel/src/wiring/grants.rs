//! Grants and limits as the operator wrote them, for the crate that enforces them.

use std::sync::Arc;

use kennel_config::{HttpGrant, HttpScheme, TcpGrant};
use kennel_sandbox::Limits;
use kennel_sandbox::capability::limits::StoreLimits;
use kennel_sandbox::capability::tcp::{AddressRange, TcpGrants, TcpHost, TcpRule};
use kennel_sandbox::capability::{FileGrant, FileMode, Grants, HttpRule};

/// A granted URL pattern; the grammar stays with the configuration.
#[derive(Debug)]
struct Rule(HttpGrant);

impl HttpRule for Rule {
    fn allows(&self, scheme: &str, host: &str, port: u16, path: &str) -> bool {
        let scheme = match scheme {
            "http" => HttpScheme::Http,
            "https" => HttpScheme::Https,
            _ => return false,
        };
        self.0.allows(scheme, host, port, path)
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
        ..Grants::default()
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
