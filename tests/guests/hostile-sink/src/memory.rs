//! Attacks on memory, the guest's own and the host's, and on durable state.

use std::hint::black_box;

use kennel_sdk::log::{self, Level};
use kennel_sdk::prelude::*;
use kennel_sdk::{metrics, state};

use crate::report::Report;

const MIB: usize = 1 << 20;
/// What [`keep_state`] keeps, and others must not find.
const KEPT: &str = "canary-of-the-state";

pub(crate) fn bomb() -> Report {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; MIB]));
    }
}

pub(crate) fn touch(bytes: u64) -> Report {
    let pages = black_box(vec![1_u8; bytes as usize]);
    Report::reached(&format!("touched {} bytes", pages.len()))
}

pub(crate) fn transfer(bytes: u64) -> Report {
    log::log(Level::Trace, &"t".repeat(bytes as usize), &[]);
    Report::reached("handed it over")
}

pub(crate) fn metrics() -> Report {
    for number in 0..100_000 {
        metrics::add(&format!("never_described_{number}"), 1);
    }
    Report::reached("reported")
}

pub(crate) fn mark_beyond() {
    marked::beyond();
    #[allow(clippy::panic, reason = "the attack is to end badly")]
    {
        panic!("after a mark beyond the batch");
    }
}

pub(crate) fn state_bomb() -> Report {
    let value = vec![1_u8; 64 << 10];
    for number in 0..100_000 {
        if let Err(error) = state::put(&format!("bomb-{number}"), value.clone()) {
            return Report::of("filled the state", Err::<(), _>(error));
        }
    }
    Report::reached("wrote 6 GiB of state")
}

pub(crate) fn state(bytes: u64) -> Report {
    Report::of("wrote state", state::put("s", vec![1_u8; bytes as usize]))
}

pub(crate) fn keep_state() -> Result<(), Error> {
    state::put("kept", KEPT)?;
    let found = state::get("kept")?;
    match found.as_deref() == Some(KEPT.as_bytes()) {
        true => Ok(()),
        false => Err(Error::broken("it does not find its own state")),
    }
}

/// Its own keyspace is granted and empty; whatever is found is another's.
pub(crate) fn other_state(name: &str) -> Report {
    let mut report = Report::default();
    let keys = ["kept", "/kept", "../kept", "\0kept"].map(str::to_owned);
    let long = ["/", ":", "\0"].map(|separator| format!("{name}{separator}kept"));
    for key in keys.into_iter().chain(long) {
        let found = state::get(&key).map_err(|error| error.to_string());
        report.attempt(&key, found.and_then(|value| value.ok_or("nothing".to_owned())));
    }
    for prefix in ["", "../", name] {
        let found = state::scan(prefix, None, 1000).map_err(|error| error.to_string());
        let first = found.and_then(|pairs| pairs.into_iter().next().ok_or("nothing".to_owned()));
        report.attempt(&format!("scan of {prefix:?}"), first);
    }
    report
}

pub(crate) use handles::{handles, headers, random};

/// Through the bindings of the host's interfaces, which exist in a component only.
#[cfg(target_family = "wasm")]
mod handles {
    use wasip2::clocks::monotonic_clock;
    use wasip2::http::types::Fields;
    use wasip2::random::random::get_random_bytes;

    use crate::report::Report;

    pub(crate) fn handles(count: u64) -> Report {
        let mut kept = Vec::new();
        for _ in 0..count {
            kept.push(monotonic_clock::subscribe_duration(1 << 60));
        }
        Report::reached(&format!("held {} handles", kept.len()))
    }

    pub(crate) fn random() -> Report {
        let bytes = get_random_bytes(u64::MAX >> 1);
        Report::reached(&format!("got {} random bytes", bytes.len()))
    }

    pub(crate) fn headers() -> Report {
        let fields = Fields::new();
        let value = vec![b'h'; 4096];
        for number in 0..1_000_000 {
            if let Err(error) = fields.append(&format!("x-{number}"), &value) {
                return Report::of("added headers", Err::<(), _>(error));
            }
        }
        Report::reached("added 4 GiB of headers")
    }
}

#[cfg(not(target_family = "wasm"))]
mod handles {
    use crate::report::Report;

    pub(crate) fn handles(count: u64) -> Report {
        Report::reached(&format!("{count} handles exist in a component only"))
    }

    pub(crate) fn random() -> Report {
        Report::default()
    }

    pub(crate) fn headers() -> Report {
        Report::default()
    }
}

#[cfg(target_family = "wasm")]
mod marked {
    pub(super) fn beyond() {
        kennel_sdk::glue::common::kennel::connector::context::mark(u32::MAX);
    }
}

#[cfg(not(target_family = "wasm"))]
mod marked {
    pub(super) fn beyond() {}
}
