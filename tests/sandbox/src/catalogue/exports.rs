//! Every export that a lane calls, ending badly.

use std::time::Duration;

use crate::attack::Attack;
use crate::attack::Expected::{Fault, Harmless};
use crate::forge::{Area, Body, Forgery};

pub(super) fn attacks() -> Vec<Attack> {
    let trap = || Fault("trap", "the guest trapped");
    let start = Duration::from_secs(20);
    let cursor = Area::zeros().list(60, b"1", 1);
    vec![
        Attack::forged(
            "trap-in-open",
            "ends badly while it opens",
            Forgery::sink().with("lifecycle.open", Body::Trap),
            trap(),
        )
        .with_host()
        .within(start),
        Attack::forged(
            "trap-in-assign",
            "ends badly when it is given a partition",
            Forgery::sink().with("sink.assign", Body::Trap),
            trap(),
        )
        .with_host()
        .within(start),
        Attack::forged(
            "trap-in-consume",
            "ends badly with a batch",
            Forgery::sink().with("sink.consume", Body::Trap),
            trap(),
        ),
        Attack::forged(
            "trap-in-flush",
            "holds all messages and ends badly when they are to be made durable",
            Forgery::sink()
                .with("sink.consume", Body::Consume { held: true })
                .with("sink.flush", Body::Trap),
            trap(),
        ),
        Attack::forged(
            "trap-in-tick",
            "ends badly when nothing happens",
            Forgery::sink().with("lifecycle.tick", Body::Trap),
            trap(),
        )
        .with_host()
        .within(start),
        Attack::forged(
            "panic-in-close",
            "ends badly when all is over",
            Forgery::sink().with("lifecycle.close", Body::Trap),
            Harmless,
        ),
        Attack::forged(
            "loop-in-close",
            "computes for ever when all is over",
            Forgery::sink().with("lifecycle.close", Body::Loop),
            Harmless,
        ),
        Attack::forged(
            "trap-in-apply",
            "a transform ends badly with a batch",
            Forgery::transform().with("transform.apply", Body::Trap),
            trap(),
        ),
        Attack::forged(
            "trap-in-start",
            "a source ends badly when it begins",
            Forgery::source().with("source.start", Body::Trap),
            trap(),
        )
        .within(start),
        Attack::forged(
            "trap-in-poll",
            "a source ends badly in its first poll",
            Forgery::source().with("source.poll", Body::Trap),
            trap(),
        )
        .within(start),
        Attack::forged(
            "trap-in-confirm",
            "a source ends badly when it may forget",
            Forgery::source().answer("source.poll", cursor).with("source.confirm", Body::Trap),
            trap(),
        )
        .within(start),
    ]
}
