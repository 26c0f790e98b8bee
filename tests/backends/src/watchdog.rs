//! Ends a server when the test that started it is gone, however it went.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits for a word. If its input ends without one, the test was killed.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches over the server whose files are in `folder`, whether it runs already or not. The first line of
    /// `pid_file` there is its process, which ends at once by `signal`.
    pub(crate) fn start(folder: &Path, pid_file: &str, signal: &str) -> io::Result<Self> {
        // A server that is only just starting ends by itself when its files are gone.
        const SCRIPT: &str = r#"trap "" INT TERM
            read -r word && exit
            read -r pid <"$1/$2" && kill -"$3" "$pid"
            rm -rf "$1""#;
        Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(folder)
            .args([pid_file, signal])
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
