//! The guest's standard streams.
//!
//! Standard error is logged line by line and its end is kept, because the last lines of a guest
//! that trapped are the best explanation of the trap. Standard output goes the same way unless
//! the operator granted the process's own.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::log::LogBudget;

/// How many lines are kept for a fault report.
const KEPT_LINES: usize = 32;
/// A line is cut here. Bytes.
const MAX_LINE: usize = 4096;
/// What one write may carry. Bytes.
const WRITE_PERMIT: usize = 64 * 1024;

/// Lines of one stream of one guest.
#[derive(Clone, Debug)]
pub struct LineLog {
    log: LogBudget,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<String>,
    partial: Vec<u8>,
}

impl LineLog {
    /// Lines that go to the log within its budget.
    pub(crate) fn new(log: LogBudget) -> Self {
        Self { log, lines: Arc::default() }
    }

    /// The newest lines, oldest first.
    #[must_use]
    pub fn last_lines(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let partial = (!lines.partial.is_empty()).then(|| text(&lines.partial));
        lines.kept.iter().cloned().chain(partial).collect()
    }

    fn append(&self, bytes: &[u8]) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE.saturating_sub(lines.partial.len());
            let ended = piece.last() == Some(&b'\n');
            let content = &piece[..piece.len() - usize::from(ended)];
            lines.partial.extend_from_slice(&content[..content.len().min(room)]);
            if ended {
                let line = text(&std::mem::take(&mut lines.partial));
                if self.log.admit(line.len()) {
                    tracing::debug!(target: "guest", connector = self.log.connector(), "{line}");
                }
                if lines.kept.len() == KEPT_LINES {
                    lines.kept.pop_front();
                }
                lines.kept.push_back(line);
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl IsTerminal for LineLog {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LineLog {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for LineLog {
    async fn ready(&mut self) {}
}

impl OutputStream for LineLog {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.append(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(WRITE_PERMIT)
    }
}

impl AsyncWrite for LineLog {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.append(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_pieces_of_lines_should_keep_whole_lines_and_the_rest() {
        let log = LineLog::new(LogBudget::new("c", 1 << 20));
        log.append(b"one\ntw");
        log.append(b"o\nthree");
        assert_eq!(log.last_lines(), ["one", "two", "three"]);
    }

    #[test]
    fn given_a_flood_should_keep_a_bounded_end() {
        let log = LineLog::new(LogBudget::new("c", 1 << 20));
        for number in 0..1000 {
            log.append(format!("{number}\n").as_bytes());
        }
        log.append(&vec![b'x'; 3 * MAX_LINE]);
        let lines = log.last_lines();
        assert_eq!((lines.len(), lines[0].as_str()), (KEPT_LINES + 1, "968"));
        assert_eq!(lines[KEPT_LINES].len(), MAX_LINE);
    }
}
