//! One open file: a window of its bytes that moves forward.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::fingerprint::{HEAD, Hash, TAIL};

/// Bytes read at a time.
const CHUNK: usize = 256 * 1024;

/// An open file.
#[derive(Debug)]
pub(crate) struct Reader {
    file: File,
    /// Up to [`TAIL`] bytes that are done, then those that are not.
    buffer: Vec<u8>,
    /// Where those that are not done start in the buffer.
    start: usize,
    /// Where they start in the file.
    offset: u64,
    line: u64,
    head: Hash,
}

/// What came of reading on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filled {
    /// More bytes.
    Data,
    /// No more bytes for now.
    End,
    /// What was read before is not in the file any more: it was truncated or written anew.
    Replaced,
}

impl Reader {
    /// Opens a file at `offset`; none if it is shorter than that.
    pub(crate) fn open(path: &Path, offset: u64, line: u64) -> io::Result<Option<Self>> {
        let mut file = File::open(path)?;
        if file.metadata()?.len() < offset {
            return Ok(None);
        }
        let head = read_exactly(&mut file, 0, up_to(offset, HEAD))?;
        let tail_length = up_to(offset, TAIL);
        let buffer = read_exactly(&mut file, offset - tail_length as u64, tail_length)?;
        Ok(Some(Self { file, start: buffer.len(), buffer, offset, line, head: Hash::of(&head) }))
    }

    /// Bytes that are read and not done.
    pub(crate) fn unread(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Where [`Reader::unread`] starts in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Line breaks before the offset.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// See [`crate::cursor::Position::head`].
    pub(crate) fn head(&self) -> Hash {
        self.head
    }

    /// See [`crate::cursor::Position::tail`].
    pub(crate) fn tail(&self) -> Hash {
        let start = self.start.saturating_sub(TAIL);
        Hash::of(self.buffer.get(start..self.start).unwrap_or_default())
    }

    /// The next `bytes` unread bytes are done.
    pub(crate) fn consume(&mut self, bytes: usize) {
        let done = self.unread().get(..bytes).unwrap_or_default();
        let (bytes, lines) = (done.len(), memchr::memchr_iter(b'\n', done).count());
        let missing = HEAD.saturating_sub(usize::try_from(self.offset).unwrap_or(HEAD));
        if missing > 0 {
            self.head = self.head.and(&done[..missing.min(bytes)]);
        }
        self.start += bytes;
        self.offset += bytes as u64;
        self.line += lines as u64;
    }

    /// Reads on behind the unread bytes.
    pub(crate) fn fill(&mut self) -> io::Result<Filled> {
        self.buffer.drain(..self.start.saturating_sub(TAIL));
        self.start = self.start.min(TAIL);
        let end = self.offset + self.unread().len() as u64;
        let length = self.file.metadata()?.len();
        if length < end {
            return Ok(Filled::Replaced);
        }
        if length == end {
            return Ok(Filled::End);
        }
        // It has grown; but by being added to, or by being written anew beyond this place?
        let seen = self.buffer.len().min(TAIL);
        let again = match read_exactly(&mut self.file, end - seen as u64, seen) {
            Ok(again) => again,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Filled::Replaced);
            }
            Err(error) => return Err(error),
        };
        if !self.buffer.ends_with(&again) {
            return Ok(Filled::Replaced);
        }
        let added = (&self.file).take(CHUNK as u64).read_to_end(&mut self.buffer)?;
        Ok(if added == 0 { Filled::End } else { Filled::Data })
    }

    /// The offset behind the last line break of the file, searched in its last `most` bytes, and
    /// whether a record starts there.
    pub(crate) fn last_line_end(path: &Path, most: usize) -> io::Result<(u64, bool)> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        let searched = up_to(length, most);
        let start = length - searched as u64;
        let bytes = read_exactly(&mut file, start, searched)?;
        Ok(match memchr::memrchr(b'\n', &bytes) {
            Some(place) => (start + place as u64 + 1, true),
            None => (start, start == 0),
        })
    }

    /// The first bytes of the file, at most `most`.
    pub(crate) fn beginning(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        (&self.file).take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The smaller of the two.
fn up_to(length: u64, most: usize) -> usize {
    usize::try_from(length).map_or(most, |length| length.min(most))
}

fn read_exactly(file: &mut File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
