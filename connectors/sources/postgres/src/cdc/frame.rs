//! What goes to and fro within a replication stream.

use super::reader::{Malformed, Reader};
use crate::lsn::Lsn;

/// What the server sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A message of the plugin.
    Data(&'a [u8]),
    /// It is still there, and has sent everything up to `end`.
    KeepAlive {
        end: Lsn,
        /// It wants an answer now, or will take us for dead.
        reply: bool,
    },
}

impl<'a> Frame<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            b'w' => {
                let (_start, _end, _clock) = (reader.u64()?, reader.u64()?, reader.u64()?);
                Ok(Self::Data(reader.rest()))
            }
            b'k' => {
                let end = Lsn(reader.u64()?);
                let _clock = reader.u64()?;
                let reply = reader.u8()? != 0;
                reader.end()?;
                Ok(Self::KeepAlive { end, reply })
            }
            other => Err(Malformed::Kind(other)),
        }
    }
}

/// Tells the server what has been received, and what it may forget for ever. `clock` is microseconds since 2000 UTC.
pub(crate) fn status(received: Lsn, confirmed: Lsn, clock: i64) -> [u8; 34] {
    let mut frame = [0; 34];
    frame[0] = b'r';
    frame[1..9].copy_from_slice(&received.0.to_be_bytes());
    frame[9..17].copy_from_slice(&confirmed.0.to_be_bytes());
    frame[17..25].copy_from_slice(&confirmed.0.to_be_bytes());
    frame[25..33].copy_from_slice(&clock.to_be_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_frames_should_read_them() {
        let mut data = vec![b'w'];
        data.extend_from_slice(&[0; 24]);
        data.extend_from_slice(b"B..");
        assert_eq!(Frame::decode(&data), Ok(Frame::Data(b"B..")));
        let keep_alive = b"k\0\0\0\0\x01\x6b\x37\x48\0\0\0\0\0\0\0\0\x01";
        let expected = Frame::KeepAlive { end: Lsn(0x016b_3748), reply: true };
        assert_eq!(Frame::decode(keep_alive), Ok(expected));
        for cut in 0..keep_alive.len() {
            assert_eq!(Frame::decode(&keep_alive[..cut]), Err(Malformed::Cut));
        }
        assert_eq!(Frame::decode(b"x"), Err(Malformed::Kind(b'x')));
    }

    #[test]
    fn given_positions_should_write_a_status() {
        let frame = status(Lsn(0x0102), Lsn(0x01), 5);
        assert_eq!(frame[0], b'r');
        assert_eq!(frame[7..9], [1, 2]);
        assert_eq!(frame[9..17], [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(frame[9..17], frame[17..25]);
        assert_eq!(frame[25..], [0, 0, 0, 0, 0, 0, 0, 5, 0]);
    }
}
