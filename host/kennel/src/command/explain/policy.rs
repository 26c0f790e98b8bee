//! What `[policy]` in kennel.toml does not permit.

use super::Entry;

const WHY: &str = "The owner of the host bounds in kennel.toml what any connector may have, whoever wrote \
    its configuration: a file, or the answer of a URL. A key of [policy] that is not \
    written permits nothing.";
const FIX: &str = "Ask for less in the connector, or let the owner of the host add the line that the \
    error shows to [policy] in kennel.toml. No environment variable can do that.";

pub(super) const ENTRIES: [Entry; 14] = [
    Entry {
        code: "policy_http",
        title: "the policy does not permit these HTTP requests",
        what: "[grants] http of a connector gives requests that no entry of [policy] http covers: \
               scheme, host, port and the beginning of the path all count.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nhttp = [\"https://api.example.com/v1/*\"]",
    },
    Entry {
        code: "policy_tcp",
        title: "the policy does not permit these TCP connections",
        what: "[grants] tcp of a connector gives an address or name that no entry of [policy] tcp \
               covers. Loopback, link-local and metadata addresses are covered only by ranges \
               within their own block.",
        why: WHY,
        fix: FIX,
        example: "[policy]\ntcp = [\"db.internal:5432\", \"10.0.0.0/8:5432\"]",
    },
    Entry {
        code: "policy_files",
        title: "the policy does not permit this folder",
        what: "[grants] files of a connector gives a folder that does not lie below a folder of \
               [policy] files, after all links are followed, or gives writing where only reading \
               is permitted.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nfiles = [\"/srv/in\", { path = \"/srv/out\", mode = \"rw\" }]",
    },
    Entry {
        code: "policy_env",
        title: "the policy does not permit this environment variable",
        what: "[grants] env of a connector names a variable that no entry of [policy] env matches.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nenv = [\"TZ\", \"SHOP_*\"]",
    },
    Entry {
        code: "policy_secrets",
        title: "the policy does not permit this secret",
        what: "[grants] secrets of a connector names a place of a secret that no entry of \
               [policy] secrets matches.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nsecrets = [\"env/PG_*\", \"file/run/secrets/*\"]",
    },
    Entry {
        code: "policy_reveal",
        title: "the policy does not permit to reveal this secret",
        what: "[grants] reveal of a connector would show a secret to the component as it is.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nreveal = [\"pg_password\"]",
    },
    Entry {
        code: "policy_components",
        title: "the policy does not permit components from this folder",
        what: "The file of a component does not lie below a folder of [policy] components, after \
               all links are followed.",
        why: WHY,
        fix: FIX,
        example: "[policy]\ncomponents = [\"/usr/lib/kennel/components\"]",
    },
    Entry {
        code: "policy_registries",
        title: "the policy does not permit components from this registry",
        what: "A component comes from a registry and repository that no entry of [policy] \
               registries matches.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nregistries = [\"registry.example.com/acme/*\"]",
    },
    Entry {
        code: "policy_signers",
        title: "the component is not signed by a key of the policy",
        what: "[policy] signers names public keys, and none of them has signed the component.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nsigners = [\"keys/acme.pub\"]",
    },
    Entry {
        code: "policy_topics",
        title: "the policy does not permit this topic",
        what: "A connector reads from, writes to, or sends dead letters to a topic that no entry \
               of [policy] topics matches.",
        why: WHY,
        fix: FIX,
        example: "[policy]\ntopics = [\"shop/*\", \"dead/*\"]",
    },
    Entry {
        code: "policy_memory",
        title: "the policy does not permit so much memory",
        what: "[limits] memory of a connector, 128 MiB where it is not written, is more than \
               [policy] memory. Without that key no connector can run.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nmemory = \"256MiB\"",
    },
    Entry {
        code: "policy_state",
        title: "the policy does not permit so much state",
        what: "[grants] state of a connector is more than [policy] state.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nstate = \"64MiB\"",
    },
    Entry {
        code: "policy_stdout",
        title: "the policy does not permit the standard output",
        what: "[grants] stdout of a connector gives it the host's own standard output.",
        why: WHY,
        fix: FIX,
        example: "[policy]\nstdout = true",
    },
    Entry {
        code: "policy_trusted",
        title: "the policy does not permit to switch metering off",
        what: "[limits] trusted of a connector would let its component compute without being \
               stopped.",
        why: WHY,
        fix: FIX,
        example: "[policy]\ntrusted = true",
    },
];
