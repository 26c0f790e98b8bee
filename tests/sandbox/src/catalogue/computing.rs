//! Attacks on time: of a core, of the clock on the wall, of the log's reader.

use std::time::Duration;

use crate::attack::Attack;
use crate::attack::Expected::{Bounded, Denied, Fault, Harmless, Reached};
use crate::forge::{Body, Forgery};

const CPU: (&str, &str) = ("cpu_timeout", "[limits] cpu_timeout");
const CALL: (&str, &str) = ("call_timeout", "[limits] call_timeout");

pub(super) fn attacks() -> Vec<Attack> {
    let cpu = || Fault(CPU.0, CPU.1);
    let call = || Fault(CALL.0, CALL.1);
    vec![
        Attack::told("infinite-loop", "computes for ever with a batch", "loop", cpu()).alone(),
        Attack::told("infinite-loop-open", "computes for ever while it opens", "loop", cpu())
            .in_open()
            .within(Duration::from_secs(20)),
        Attack::forged(
            "infinite-loop-poll",
            "a source computes for ever in its first poll",
            Forgery::source().with("source.poll", Body::Loop),
            cpu(),
        )
        .within(Duration::from_secs(20)),
        Attack::forged(
            "infinite-loop-apply",
            "a transform computes for ever with a batch",
            Forgery::transform().with("transform.apply", Body::Loop),
            cpu(),
        )
        .alone(),
        Attack::told("host-call-flood", "asks the host for a fact for ever", "host-calls", cpu())
            .alone(),
        Attack::told("loop-in-host-call", "waits in a host call for ever", "sleep", call()),
        Attack::told("loop-in-host-call-open", "waits for ever while it opens", "sleep", call())
            .in_open()
            .within(Duration::from_secs(20)),
        Attack::told(
            "slow-loris-tcp",
            "reads from a server that sends a byte now and then",
            "read-socket",
            call(),
        )
        .config("address = \"{drip}\"")
        .grant("tcp = [\"{drip}\"]"),
        Attack::told("slow-loris-http", "reads an answer that never ends", "get-all", call())
            .config("url = \"http://{allowed}/drip\"")
            .grant("http = [\"http://{allowed}/*\"]"),
        Attack::told(
            "stack-overflow",
            "calls itself until the stack ends",
            "recursion",
            Fault("trap", "call stack exhausted"),
        ),
        Attack::told("log-flood", "logs for ever", "log-flood", cpu()).alone(),
        Attack::told("stderr-flood", "writes to standard error for ever", "stderr-flood", cpu())
            .alone(),
        Attack::told(
            "frozen-clock",
            "waits for a frozen clock to move, without a pause",
            "await-clock",
            cpu(),
        )
        .grant("clock = \"frozen\"")
        .alone(),
        Attack::told("never-handles", "never handles a message", "handle-nothing", Harmless),
        Attack::forged(
            "empty-polls",
            "a source always has more, and never gives any",
            Forgery::source().answer("source.poll", crate::forge::Area::zeros()),
            Harmless,
        ),
        Attack::forged(
            "empty-polls-again",
            "a second one, for the other thread",
            Forgery::source().answer("source.poll", crate::forge::Area::zeros()),
            Harmless,
        ),
        Attack::told("limit-cpu-under", "computes for half of its limit", "compute", Reached)
            .config("amount = 100"),
        Attack::told("limit-cpu-over", "computes for ten times its limit", "compute", cpu())
            .config("amount = 2000")
            .limit("call_timeout = \"5s\"")
            .alone(),
        Attack::told(
            "limit-share-under",
            "computes within its share of a core",
            "compute",
            Reached,
        )
        .config("amount = 50")
        .limit("cpu_share = 10")
        .limit("cpu_timeout = \"900ms\"")
        .within(Duration::from_secs(1)),
        Attack::told(
            "limit-share-over",
            "computes more than its share: it is made to wait",
            "compute",
            Reached,
        )
        .config("amount = 400")
        .limit("cpu_share = 10")
        .limit("cpu_timeout = \"900ms\"")
        .not_before(Duration::from_millis(500))
        .within(Duration::from_secs(10))
        .alone(),
        Attack::told("limit-call-under", "waits for half of its limit", "wait", Reached)
            .config("amount = 500"),
        Attack::told("limit-call-over", "waits for twice its limit", "wait", call())
            .config("amount = 2000"),
        Attack::told("clock-moves", "sees a real clock move", "await-clock", Reached),
        Attack::told("limit-log-under", "logs half of what a second allows", "log", Reached)
            .config("amount = 16384")
            .limit("log = \"32KiB\""),
        Attack::told(
            "limit-log-over",
            "logs four times what a second allows: the rest is dropped, and said to be",
            "log",
            Bounded("log_limit", "([limits] log)"),
        )
        .config("amount = 131072")
        .limit("log = \"32KiB\""),
        Attack::told(
            "words-of-a-failure",
            "fails a message with a million words",
            "wordy-failure",
            Fault("message", "on_error is"),
        )
        .config("amount = 4000000")
        .alone(),
        Attack::told(
            "mark-beyond-batch",
            "marks a message that does not exist",
            "mark-beyond",
            Fault("trap", "the guest trapped"),
        ),
        Attack::told(
            "unknown-metrics",
            "reports 100,000 metrics that it never described",
            "metric-flood",
            Reached,
        )
        .limit("cpu_timeout = \"1s\""),
        Attack::told("listen", "listens for connections and datagrams", "listen", Denied),
    ]
}
