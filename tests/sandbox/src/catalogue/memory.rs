//! Attacks on memory: the guest's own, what the host keeps for it, and what it keeps for good.

use std::time::Duration;

use crate::attack::Attack;
use crate::attack::Expected::{Denied, Fault, Reached};
use crate::forge::{Area, Body, Forgery};

pub(super) fn attacks() -> Vec<Attack> {
    let memory = || Fault("memory_limit", "[limits] memory");
    let resources = || Fault("resource_limit", "[limits] resources");
    let transfer = || Fault("transfer_limit", "[limits] transfer");
    vec![
        Attack::told("memory-bomb", "touches new memory for ever", "memory-bomb", memory()).alone(),
        Attack::told("memory-bomb-open", "the same while it opens", "memory-bomb", memory())
            .in_open()
            .within(Duration::from_secs(20)),
        Attack::forged(
            "memory-bomb-apply",
            "a transform grows its memory for ever",
            Forgery::transform().with("transform.apply", Body::GrowMemory),
            memory(),
        ),
        Attack::told(
            "limit-memory-under",
            "touches three quarters of its limit",
            "memory",
            Reached,
        )
        .config("amount = 12000000"),
        Attack::told(
            "limit-memory-over",
            "touches a little more than its limit",
            "memory",
            memory(),
        )
        .config("amount = 17000000"),
        Attack::forged(
            "table-bomb",
            "grows a table for ever",
            Forgery::sink().with("sink.consume", Body::GrowTable(1 << 12)),
            memory(),
        )
        .limit("memory = \"2MiB\"")
        .alone(),
        Attack::forged(
            "limit-table-under",
            "a table of half of its memory",
            Forgery::sink().with("sink.consume", Body::GrowTableOnce(1 << 16)),
            Reached,
        )
        .limit("memory = \"2MiB\""),
        Attack::forged(
            "limit-table-over",
            "a table of more than its memory",
            Forgery::sink().with("sink.consume", Body::GrowTableOnce(1 << 17)),
            memory(),
        )
        .limit("memory = \"2MiB\""),
        Attack::told(
            "resource-bomb",
            "makes handles of the host for ever",
            "resource-bomb",
            resources(),
        )
        .alone(),
        Attack::told("limit-resources-under", "holds 500 handles of 1,000", "resources", Reached)
            .config("amount = 500")
            .limit("resources = 1000"),
        Attack::told(
            "limit-resources-over",
            "holds 1,100 handles of 1,000",
            "resources",
            resources(),
        )
        .config("amount = 1100")
        .limit("resources = 1000"),
        Attack::told(
            "limit-transfer-under",
            "hands over half of its limit in one call",
            "transfer",
            Reached,
        )
        .config("amount = 524288")
        .limit("transfer = \"1MiB\""),
        Attack::told(
            "limit-transfer-over",
            "hands over twice its limit in one call",
            "transfer",
            transfer(),
        )
        .config("amount = 2097152")
        .limit("transfer = \"1MiB\""),
        Attack::forged(
            "output-bomb",
            "a source makes more of one poll than it may hand over",
            Forgery::source().pages(64).answer("source.poll", Area::zeros().list(20, b"", 3 << 20)),
            transfer(),
        )
        .limit("transfer = \"1MiB\"")
        .within(Duration::from_secs(20)),
        Attack::forged(
            "output-bomb-apply",
            "a transform makes more of a batch than it may hand over",
            Forgery::transform()
                .pages(64)
                .answer("transform.apply", Area::zeros().list(20, b"", 3 << 20)),
            transfer(),
        )
        .limit("transfer = \"1MiB\""),
        Attack::told(
            "random-bomb",
            "asks for more random bytes than any machine has",
            "random-bomb",
            Fault("call_failed", "exceeds limit"),
        ),
        Attack::told(
            "http-header-bomb",
            "adds 4 GiB of headers to a request it never sends",
            "header-bomb",
            Fault("call_failed", "size of fields exceeds limit"),
        )
        .alone(),
        Attack::told("state-bomb", "writes state until it is refused", "state-bomb", Denied)
            .grant("state = \"1MiB\""),
        Attack::told("limit-state-under", "writes half of its state", "state", Reached)
            .config("amount = 32768")
            .grant("state = \"64KiB\""),
        Attack::told("limit-state-over", "writes twice its state", "state", Denied)
            .config("amount = 131072")
            .grant("state = \"64KiB\""),
        Attack::told("state-without-grant", "writes state that nobody granted", "state", Denied)
            .config("amount = 8"),
    ]
}
