//! Attacks on secrets.

use crate::attack::Attack;
use crate::attack::Expected::Denied;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::told(
            "secret-without-grant",
            "opens a secret that nobody granted",
            "secret",
            Denied,
        )
        .config("name = \"canary\"\nurl = \"http://{forbidden}/\""),
    ]
}
