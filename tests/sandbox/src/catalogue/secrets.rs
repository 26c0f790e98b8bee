//! Attacks on secrets. The value is the host's variable `CANARY`, which nothing that the host writes or sends may hold.

use crate::attack::Attack;
use crate::attack::Expected::Denied;

const GRANT: &str = "secrets = { canary = { from = \"secret://env/CANARY\", hosts = [] } }";

pub(super) fn attacks() -> Vec<Attack> {
    let secret = |name, about| {
        Attack::told(name, about, "secret", Denied)
            .config("name = \"canary\"\nurl = \"http://{allowed}/ok\"")
            .grant("http = [\"http://{allowed}/*\"]")
    };
    vec![
        secret("secret-without-grant", "opens secrets that nobody granted"),
        secret(
            "secret-exfiltration",
            "sends a secret to a host that is not the secret's, in every part of a request",
        )
        .grant(GRANT),
    ]
}
