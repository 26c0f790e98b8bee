//! A connection on which the login is done already, for a client that begins with one.
//!
//! `tokio-postgres` logs in with a password in its hands. A password that stays in the host cannot be put there, so the login is
//! that of [`crate::wire`], whatever the password, and the client finds a server that lets it in at once.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::Stream;

/// `AuthenticationOk` and `ReadyForQuery`, outside of a transaction.
const WELCOME: &[u8] = &[b'R', 0, 0, 0, 8, 0, 0, 0, 0, b'Z', 0, 0, 0, 5, b'I'];

/// Answers the start of a session itself; everything after it goes to the server and comes from there.
pub(crate) struct LoggedIn {
    stream: Box<dyn Stream>,
    /// What is still to be read before the server's own bytes.
    first: BytesMut,
    startup: Startup,
}

/// How much of the client's start-up message was taken.
enum Startup {
    /// So many of the four bytes that hold its length, and the length so far.
    Length(usize, u32),
    /// So many bytes are left of it.
    Left(usize),
}

impl LoggedIn {
    /// `read` was read from the server after its own welcome.
    pub(crate) fn new(stream: Box<dyn Stream>, read: &[u8]) -> Self {
        let mut first = BytesMut::from(WELCOME);
        first.extend_from_slice(read);
        Self { stream, first, startup: Startup::Length(0, 0) }
    }

    /// How many of these bytes belong to the start-up message.
    fn swallow(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0;
        while let (Startup::Length(known, length), Some(byte)) = (&self.startup, bytes.get(taken)) {
            let (known, length) = (known + 1, (length << 8) | u32::from(*byte));
            taken += 1;
            self.startup = match known {
                // The length counts its own four bytes.
                4 => Startup::Left((length as usize).saturating_sub(4)),
                _ => Startup::Length(known, length),
            };
        }
        if let Startup::Left(left) = &mut self.startup {
            let rest = (*left).min(bytes.len() - taken);
            *left -= rest;
            taken += rest;
        }
        taken
    }
}

impl AsyncRead for LoggedIn {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.has_remaining() {
            let length = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for LoggedIn {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.swallow(bytes) {
            0 => Pin::new(&mut self.stream).poll_write(context, bytes),
            taken => Poll::Ready(Ok(taken)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn given_a_start_in_any_pieces_should_keep_it_from_the_server_and_welcome_the_client() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let startup = [0, 0, 0, 9, 0, 3, 0, 0, 0];
        for piece in 1..=startup.len() + 2 {
            runtime.block_on(async {
                let (client, mut server) = duplex(64);
                let mut client = LoggedIn::new(Box::new(client), b"N");
                let sent = [&startup[..], b"Q\0"].concat();
                for bytes in sent.chunks(piece) {
                    client.write_all(bytes).await.unwrap();
                }
                let mut query = [0; 2];
                server.read_exact(&mut query).await.unwrap();
                assert_eq!(&query, b"Q\0");
                server.write_all(b"T").await.unwrap();
                let mut answer = vec![0; WELCOME.len() + 2];
                client.read_exact(&mut answer).await.unwrap();
                assert_eq!(answer, [WELCOME, b"NT"].concat());
            });
        }
    }
}
