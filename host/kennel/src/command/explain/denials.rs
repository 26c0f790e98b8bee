//! What a component wanted to do and is not granted.

use super::Entry;

const WHY: &str = "A component can do nothing but compute unless [grants] of its connector gives more. An \
    empty list is nothing, never everything.";

pub(super) const ENTRIES: [Entry; 14] = [
    Entry {
        code: "http_denied",
        title: "an HTTP request that is not granted",
        what: "The component wanted to send a request that no entry of [grants] http covers, or \
               was redirected to such a place and followed.",
        why: WHY,
        fix: "If the request is meant, add the line from the log. If it is a surprise, look at \
               the component before you do.",
        example: "[grants]\nhttp = [\"https://api.example.com/v1/*\"]",
    },
    Entry {
        code: "tcp_denied",
        title: "a TCP connection that is not granted",
        what: "The component wanted to connect to an address and port that no entry of [grants] \
               tcp covers, and that no granted name led to.",
        why: WHY,
        fix: "Add the line from the log, by name where the component uses a name.",
        example: "[grants]\ntcp = [\"db.internal:5432\"]",
    },
    Entry {
        code: "name_denied",
        title: "a look-up of a name that is not granted",
        what: "The component wanted to look up a host name that neither [grants] tcp nor [grants] \
               http names. No query left the host.",
        why: WHY,
        fix: "Grant the name with its port.",
        example: "[grants]\ntcp = [\"db.internal:5432\"]",
    },
    Entry {
        code: "address_denied",
        title: "a granted name leads to an address that names do not lead to",
        what: "A granted name was looked up, and the answer is an address of this machine, its \
               link, a metadata service, or, under a wildcard, of a private network.",
        why: "Whoever runs the DNS of a name could otherwise lead the component to services that \
               trust every caller from this network.",
        fix: "If the address is meant, grant it as an address, or for private networks the name \
               without a wildcard.",
        example: "[grants]\ntcp = [\"127.0.0.1:5432\"]",
    },
    Entry {
        code: "listen_denied",
        title: "a component may not listen",
        what: "The component wanted to bind a socket or to accept connections.",
        why: "Nothing grants this: a connector is a client.",
        fix: "Let the other side be connected to, or use another component.",
        example: "[grants]\ntcp = [\"peer.internal:7000\"]",
    },
    Entry {
        code: "udp_denied",
        title: "a component may not use UDP",
        what: "The component wanted to open a UDP socket.",
        why: "Nothing grants this. Names are looked up by the host.",
        fix: "Use a component that speaks TCP or HTTP.",
        example: "[grants]\ntcp = [\"metrics.internal:2003\"]",
    },
    Entry {
        code: "files_denied",
        title: "a file outside of the granted folders",
        what: "The component wanted a file that lies below no folder of [grants] files, or to \
               write where it may only read.",
        why: WHY,
        fix: "Grant the folder, with mode = \"rw\" if it has to write.",
        example: "[grants]\nfiles = [{ path = \"/var/log/nginx\", guest = \"/logs\", mode = \"ro\" }]",
    },
    Entry {
        code: "env_denied",
        title: "an environment variable that is not granted",
        what: "The component wanted an environment variable that [grants] env does not name.",
        why: WHY,
        fix: "Grant it by name. For passwords grant a secret instead.",
        example: "[grants]\nenv = [\"TZ\"]",
    },
    Entry {
        code: "state_denied",
        title: "no state is granted",
        what: "The component wanted to keep or read state of its own, and [grants] state is not \
               written.",
        why: WHY,
        fix: "Grant as much as it needs per partition.",
        example: "[grants]\nstate = \"16MiB\"",
    },
    Entry {
        code: "secret_denied",
        title: "a secret that is not granted",
        what: "The component asked for a secret by a name that [grants] secrets does not have.",
        why: WHY,
        fix: "Grant it under that name.",
        example: "[grants]\nsecrets = { pg_password = \"secret://env/PG_PASSWORD\" }",
    },
    Entry {
        code: "secret_unknown",
        title: "a granted secret is not there",
        what: "A secret is granted, but the environment variable is not set or the file cannot be \
               read.",
        why: "The host reads secrets when they are needed, so that they can change while it runs.",
        fix: "Set the variable, or put the file in its place, where the host may read it.",
        example: "[grants]\nsecrets = { pg_password = \"secret://file/run/secrets/pg\" }",
    },
    Entry {
        code: "secret_unreadable",
        title: "a granted secret cannot be used",
        what: "The file of a granted secret cannot be read, is empty or too long, or its value cannot \
               stand in a header.",
        why: "The host reads a secret when it is used, and sends nothing in its place.",
        fix: "Give the host the right to read the file, and put the secret and nothing else into it.",
        example: "[grants]\nsecrets = { token = \"secret://file/run/secrets/token\" }",
    },
    Entry {
        code: "reveal_denied",
        title: "a secret that may be used but not seen",
        what: "The component wanted to see the value of a secret that it may only use.",
        why: "A component that sees a secret can send it anywhere it may connect to. So seeing \
               is granted by itself.",
        fix: "Prefer a component that uses the secret without seeing it. Otherwise name it.",
        example: "[grants]\nreveal = [\"pg_password\"]",
    },
    Entry {
        code: "secret_host_denied",
        title: "a secret may not go to this host",
        what: "The component used a secret in a request to a host that the secret is not granted \
               for.",
        why: "A secret for one service must not reach another one, not even one that the \
               component may talk to.",
        fix: "Use the secret only in requests to the hosts it is meant for.",
        example: "[grants]\nhttp = [\"https://api.example.com/v1/*\"]",
    },
];
