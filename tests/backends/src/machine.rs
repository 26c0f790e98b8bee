//! What all servers need of the machine.

use std::net::TcpListener;
use std::time::Duration;

use crate::BackendError;

/// A port of 127.0.0.1 that nobody listens on.
pub(crate) fn free_port() -> Result<u16, BackendError> {
    let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
    port.map(|address| address.port())
        .map_err(|source| BackendError::Machine { what: "no free port", source })
}

/// Between two looks.
#[expect(clippy::disallowed_methods, reason = "a test's own thread, which runs nothing else")]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}
