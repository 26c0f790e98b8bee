//! Attacks on the network of the host.

use crate::attack::Attack;
use crate::attack::Expected::{Denied, Fault, Reached};

pub(super) fn attacks() -> Vec<Attack> {
    let connect = |name, about, expected| Attack::told(name, about, "connect", expected);
    let get = |name, about, expected| Attack::told(name, about, "get", expected);
    vec![
        connect("port-scan", "connects to ports of this machine", Denied).config(
            "addresses = [\"{forbidden}\", \"{allowed}\", \"127.0.0.1:22\", \"127.0.0.1:80\", \"127.0.0.1:5432\", \"127.0.0.1:8090\", \"[::1]:22\", \"10.0.0.1:22\", \"192.168.0.1:80\"]",
        ),
        connect("port-next-to-granted", "connects to the port beside the granted one", Denied)
            .config("addresses = [\"{forbidden}\"]")
            .grant("tcp = [\"{allowed}\"]"),
        connect("loopback-in-disguise", "connects to loopback in other forms", Denied)
            .config(
                "addresses = [\"[::ffff:127.0.0.1]:{forbidden_port}\", \"[::ffff:7f00:1]:{forbidden_port}\", \"0.0.0.0:{forbidden_port}\", \"[::]:{forbidden_port}\", \"127.1:{forbidden_port}\", \"0177.0.0.1:{forbidden_port}\", \"0x7f.1:{forbidden_port}\", \"2130706433:{forbidden_port}\", \"[64:ff9b::7f00:1]:{forbidden_port}\", \"localhost:{forbidden_port}\"]",
            )
            .grant("tcp = [\"{allowed}\"]"),
        connect("wide-range", "reaches metadata and loopback through a grant of everything", Denied)
            .config("addresses = [\"127.0.0.1:{forbidden_port}\", \"169.254.169.254:{forbidden_port}\", \"[::ffff:127.0.0.1]:{forbidden_port}\"]")
            .grant("tcp = [\"0.0.0.0/0:{forbidden_port}\"]"),
        connect("dns-rebinding", "a granted name that now leads to this machine", Denied)
            .config("addresses = [\"{loopback_name}:{forbidden_port}\"]")
            .grant("tcp = [\"{loopback_name}:{forbidden_port}\"]"),
        connect("connect-granted", "connects to where it may", Reached)
            .config("addresses = [\"{allowed}\"]")
            .grant("tcp = [\"{allowed}\"]"),
        get("ssrf-metadata", "asks for the credentials of the machine", Denied).config(
            "urls = [\"http://169.254.169.254/latest/meta-data/\", \"http://[fd00:ec2::254]/\", \"http://metadata.google.internal/\", \"http://[::ffff:169.254.169.254]/\", \"http://2852039166/\", \"http://0xa9fea9fe/\"]",
        )
        .grant("http = [\"http://{allowed}/*\"]"),
        get("http-next-to-granted", "asks other hosts, ports, schemes and paths than those granted", Denied)
            .config(
                "urls = [\"http://{forbidden}/\", \"https://{allowed}/ok\", \"http://{allowed}/other\", \"http://{allowed}/ok/../other\", \"http://{allowed}@{forbidden}/ok\", \"http://{forbidden}#{allowed}/ok\", \"http://{allowed}.{forbidden}/ok\"]",
            )
            .grant("http = [\"http://{allowed}/ok\"]"),
        get("get-granted", "asks where it may", Reached)
            .config("urls = [\"http://{allowed}/ok\"]")
            .grant("http = [\"http://{allowed}/ok\"]"),
        get("http-dns-rebinding", "a granted name of HTTP that now leads to this machine", Denied)
            .config("urls = [\"http://{loopback_name}:{forbidden_port}/\"]")
            .grant("http = [\"http://{loopback_name}:{forbidden_port}/*\"]"),
        Attack::told("redirect-to-loopback", "follows a granted server to where it must not go", "follow-redirect", Denied)
            .config("url = \"http://{allowed}/redirect\"")
            .grant("http = [\"http://{allowed}/*\"]"),
        Attack::told("header-injection", "sends headers that are not a component's to send", "inject-headers", Denied)
            .config("url = \"http://{allowed}/ok\"")
            .grant("http = [\"http://{allowed}/*\"]"),
        Attack::told("response-bomb", "keeps an answer that never ends", "get-all", Fault("memory_limit", "[limits] memory"))
            .config("url = \"http://{allowed}/endless\"")
            .grant("http = [\"http://{allowed}/*\"]")
            .alone(),
        Attack::told("mute-peer", "sends for ever to a peer that never reads", "send-flood", Fault("call_timeout", "[limits] call_timeout"))
            .config("address = \"{mute}\"")
            .grant("tcp = [\"{mute}\"]"),
        Attack::told("connection-bomb", "opens connections until it is refused", "connections", Denied)
            .config("address = \"{mute}\"\namount = 1000")
            .grant("tcp = [\"{mute}\"]"),
        Attack::told("limit-connections-under", "has three connections of four", "connections", Reached)
            .config("address = \"{mute}\"\namount = 3")
            .grant("tcp = [\"{mute}\"]")
            .limit("connections = 4"),
        Attack::told("limit-connections-over", "has five connections of four", "connections", Denied)
            .config("address = \"{mute}\"\namount = 5")
            .grant("tcp = [\"{mute}\"]")
            .limit("connections = 4")
            .says("([limits] connections)"),
        Attack::told("limit-egress-under", "sends less than a second allows", "send", Reached)
            .config("address = \"{drain}\"\namount = 32768")
            .grant("tcp = [\"{drain}\"]")
            .limit("egress = \"64KiB\""),
        Attack::told("limit-egress-over", "sends what takes eight seconds, in a call of one", "send", Fault("call_timeout", "[limits] call_timeout"))
            .config("address = \"{drain}\"\namount = 524288")
            .grant("tcp = [\"{drain}\"]")
            .limit("egress = \"64KiB\""),
        Attack::told("limit-http-body-under", "gets an answer of half of its limit", "get-all", Reached)
            .config("url = \"http://{allowed}/half\"")
            .grant("http = [\"http://{allowed}/*\"]")
            .limit("http_body = \"64KiB\""),
        Attack::told("limit-http-body-over", "gets an answer that is longer than its limit", "get-all", Denied)
            .config("url = \"http://{allowed}/endless\"")
            .grant("http = [\"http://{allowed}/*\"]")
            .limit("http_body = \"64KiB\"")
            .says("([limits] http_body)"),
    ]
}
