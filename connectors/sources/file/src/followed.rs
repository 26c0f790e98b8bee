//! One file and the records in it.

use std::io;
use std::time::Instant;

use kennel_sdk::prelude::*;

use crate::config::Config;
use crate::cursor::Position;
use crate::frame::{Frame, Framing};
use crate::identity;
use crate::pattern::Pattern;
use crate::reader::{Filled, Reader};

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) name: String,
    pub(crate) identity: Option<u64>,
    /// Set when the file is no longer where new records are written: it was renamed, deleted or
    /// copied away. It is read to its end and given up some time after.
    pub(crate) leaving: Option<Instant>,
    /// Read to its end, to which nothing will be added.
    pub(crate) finished: bool,
    reader: Reader,
    framing: Framing,
}

/// Why reading stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The limit of the poll is reached.
    Full,
    /// The end of the file.
    End,
    /// What was read before is not in the file any more.
    Replaced,
}

impl Followed {
    /// A file from its start.
    pub(crate) fn new(config: &Config, pattern: &Pattern, name: &str) -> io::Result<Self> {
        Self::open(config, pattern, name, (0, 0, false))
            .and_then(|file| file.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()))
    }

    /// A file from the first line that is added to it.
    pub(crate) fn at_end(config: &Config, pattern: &Pattern, name: &str) -> io::Result<Self> {
        let path = pattern.path(name);
        let (offset, whole) = Reader::last_line_end(&path, config.max_record_bytes as usize)?;
        let file = Self::open(config, pattern, name, (offset, 0, !whole))?;
        file.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The file `name` from `position` on, if it holds what was read up to there.
    pub(crate) fn resume(
        config: &Config,
        pattern: &Pattern,
        name: &str,
        position: &Position,
    ) -> io::Result<Option<Self>> {
        let place = (position.offset, position.line, position.skipping);
        let file = Self::open(config, pattern, name, place)?;
        Ok(file.filter(|file| {
            file.reader.head() == position.head && file.reader.tail() == position.tail
        }))
    }

    fn open(
        config: &Config,
        pattern: &Pattern,
        name: &str,
        (offset, line, skipping): (u64, u64, bool),
    ) -> io::Result<Option<Self>> {
        let path = pattern.path(name);
        let before = identity::of(&path);
        let Some(mut reader) = Reader::open(&path, offset, line)? else { return Ok(None) };
        let mut framing = Framing::new(config, skipping);
        if offset > 0 {
            framing.read_header(&reader.beginning(framing.header_bytes())?);
        }
        // A file that took another's place meanwhile must not lend it its number.
        let identity = identity::of(&path).filter(|identity| before == Some(*identity));
        Ok(Some(Self {
            name: name.to_owned(),
            identity,
            leaving: None,
            finished: false,
            reader,
            framing,
        }))
    }

    /// Where to go on.
    pub(crate) fn position(&self) -> Position {
        Position {
            name: self.name.clone(),
            identity: self.identity,
            offset: self.reader.offset(),
            line: self.reader.line(),
            skipping: self.framing.skipping(),
            head: self.reader.head(),
            tail: self.reader.tail(),
        }
    }

    /// Reads records until the limit or the end. `last`: nothing will be added, so what is behind
    /// the last line break is a record too.
    pub(crate) fn read(
        &mut self,
        last: bool,
        limit: &Limit,
        records: &mut Records,
    ) -> io::Result<Stop> {
        loop {
            if !self.take_records(false, limit, records) {
                return Ok(Stop::Full);
            }
            match self.reader.fill()? {
                Filled::Data => {}
                Filled::Replaced => return Ok(Stop::Replaced),
                Filled::End if last && !self.take_records(true, limit, records) => {
                    return Ok(Stop::Full);
                }
                Filled::End => return Ok(Stop::End),
            }
        }
    }

    /// Takes what is in the window. false: the limit was reached before.
    fn take_records(&mut self, last: bool, limit: &Limit, records: &mut Records) -> bool {
        loop {
            if records.is_full(limit) {
                return false;
            }
            let line = self.reader.line();
            match self.framing.next(self.reader.unread(), last, records) {
                Frame::Incomplete => return true,
                Frame::Record(bytes) | Frame::Nothing(bytes) | Frame::TooLongSoFar(bytes) => {
                    self.reader.consume(bytes);
                }
                Frame::TooLong(bytes) => {
                    self.reader.consume(bytes);
                    metrics::add(crate::SKIPPED, 1);
                    log::warn!("skipped a record that is too long"; file = self.name, line = line + 1);
                }
            }
            if last && self.reader.unread().is_empty() {
                return true;
            }
        }
    }
}
