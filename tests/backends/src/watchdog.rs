//! Ends a server when the test that started it is gone, however it went.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits for a word. If its input ends without one, the test was killed.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the server `pid`, whose files are in `folder`.
    pub(crate) fn start(pid: u32, folder: &Path) -> io::Result<Self> {
        const SCRIPT: &str =
            r#"trap "" INT TERM; read -r word || { kill -QUIT "$1"; rm -rf "$2"; }"#;
        Command::new("sh")
            .args(["-c", SCRIPT, "watchdog", &pid.to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map(Self)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            // It fails only if the watchdog is gone already.
            drop(input.write_all(b"done\n"));
        }
        drop(self.0.wait());
    }
}
