//! Frames on the wire: a 256-byte header, then a body whose length the header names.

use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use iggy_binary_protocol::consensus::{ConsensusHeader, HEADER_SIZE, RequestHeader};
use iggy_binary_protocol::{Operation, read_size_field};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// First allocation for a body. A longer body grows the buffer as its bytes arrive, so a length
/// that is only claimed costs nothing.
const FIRST_ALLOCATION: usize = 1 << 20;
/// Buffer for a body that is not kept.
const SCRATCH: usize = 1 << 16;
/// How many buffers one gathering write takes.
const GATHER: usize = 64;

/// A whole request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) header: RequestHeader,
    /// Exactly the frame's body, in a buffer of its own: a sent batch is stored in it as it is.
    pub(crate) body: Vec<u8>,
}

/// What arrived on a connection.
#[derive(Debug)]
pub(crate) enum Incoming {
    Request(Request),
    /// The body was over the limit; it has been read off the wire and dropped.
    TooLarge(RequestHeader),
}

/// Why a connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("connection closed: {0}")]
    Io(#[from] io::Error),
    #[error("malformed frame: {0}")]
    Malformed(&'static str),
}

/// How much a connection may send in one frame, and how slowly.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameLimit {
    /// Longest body that is kept, in bytes.
    pub(crate) body: usize,
    /// Whether a longer body is skipped and answered; otherwise the connection is closed.
    pub(crate) skip_larger: bool,
    /// How long nothing at all may arrive.
    pub(crate) idle: Duration,
}

/// Reads one request.
pub(crate) async fn read_request<R>(
    reader: &mut R,
    limit: FrameLimit,
) -> Result<Incoming, FrameError>
where
    R: AsyncRead + Unpin,
{
    let mut bytes = [0; HEADER_SIZE];
    in_time(limit.idle, reader.read_exact(&mut bytes)).await?;
    let (header, length) = parse_header(&bytes)?;
    if length > limit.body {
        if !limit.skip_larger {
            return Err(FrameError::Malformed("body over the limit"));
        }
        skip_body(reader, length, limit.idle).await?;
        return Ok(Incoming::TooLarge(header));
    }
    let body = read_body(reader, length, limit.idle).await?;
    Ok(Incoming::Request(Request { header, body }))
}

/// Waits for a step of reading or writing to make progress.
async fn in_time<T>(idle: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match tokio::time::timeout(idle, step).await {
        Ok(done) => done,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// Decodes and checks a request header. Returns it with the length of the body.
pub(crate) fn parse_header(
    bytes: &[u8; HEADER_SIZE],
) -> Result<(RequestHeader, usize), FrameError> {
    let size = read_size_field(bytes).ok_or(FrameError::Malformed("no size"))?;
    let length = (size as usize)
        .checked_sub(HEADER_SIZE)
        .ok_or(FrameError::Malformed("size smaller than the header"))?;
    // The checked cast refuses command and operation bytes that are no variant.
    let header: RequestHeader = bytemuck::checked::try_pod_read_unaligned(bytes)
        .map_err(|_| FrameError::Malformed("unknown command or operation"))?;
    header.validate().map_err(|_| FrameError::Malformed("invalid header"))?;
    if !header.operation.is_client_allowed() {
        return Err(FrameError::Malformed("operation is not for clients"));
    }
    Ok((header, length))
}

async fn read_body<R>(reader: &mut R, length: usize, idle: Duration) -> io::Result<Vec<u8>>
where
    R: AsyncRead + Unpin,
{
    let mut body = Vec::new();
    while body.len() < length {
        let target = length.min((body.len() * 2).max(FIRST_ALLOCATION));
        body.reserve_exact(target - body.len());
        while body.len() < target {
            let room = target - body.len();
            let mut window = (&mut body).limit(room);
            if in_time(idle, reader.read_buf(&mut window)).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    Ok(body)
}

async fn skip_body<R>(reader: &mut R, mut length: usize, idle: Duration) -> io::Result<()>
where
    R: AsyncRead + Unpin,
{
    let mut scratch = vec![0; SCRATCH];
    while length > 0 {
        let window = &mut scratch[..length.min(SCRATCH)];
        match in_time(idle, reader.read(window)).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => length -= read,
        }
    }
    Ok(())
}

/// Whether the body of a successful reply starts with a result section.
pub(crate) fn has_result_section(operation: Operation, body_is_empty: bool) -> bool {
    operation.is_result_framed() || (operation == Operation::Register && !body_is_empty)
}

/// Writes all parts in order, without joining them.
pub(crate) async fn write_parts<W>(
    writer: &mut W,
    parts: &mut [Bytes],
    idle: Duration,
) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    let mut first = 0;
    while first < parts.len() {
        let mut slices = [IoSlice::new(&[]); GATHER];
        let window = parts.len().min(first + GATHER);
        for (slice, part) in slices.iter_mut().zip(&parts[first..window]) {
            *slice = IoSlice::new(part);
        }
        let mut written = in_time(idle, writer.write_vectored(&slices[..window - first])).await?;
        if written == 0 && parts[first..window].iter().any(|part| !part.is_empty()) {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while first < window && written >= parts[first].len() {
            written -= parts[first].len();
            first += 1;
        }
        if first < window {
            parts[first].advance(written);
        }
    }
    in_time(idle, writer.flush()).await
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
