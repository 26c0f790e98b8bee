//! From bytes to records.

use kennel_sdk::Records;

use crate::config::{Config, RecordFormat};
use crate::csv::Csv;

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A record of that many bytes, added to the records.
    Record(usize),
    /// That many bytes that are no record: a blank line, a header row.
    Nothing(usize),
    /// That many bytes of a record that is too long, up to its end.
    TooLong(usize),
    /// That many bytes of a record that is too long and goes on.
    TooLongSoFar(usize),
    /// Not a whole record yet.
    Incomplete,
}

/// Cuts the bytes of one file into records.
#[derive(Debug)]
pub(crate) struct Framing {
    kind: Kind,
    longest: usize,
    /// Within a record that is too long: pass over everything up to the next line break.
    skipping: bool,
}

#[derive(Debug)]
enum Kind {
    Lines,
    Csv(Box<Csv>),
}

impl Framing {
    pub(crate) fn new(config: &Config, skipping: bool) -> Self {
        let kind = match config.format {
            RecordFormat::Ndjson | RecordFormat::Lines => Kind::Lines,
            RecordFormat::Csv => Kind::Csv(Box::new(Csv::new(&config.csv))),
        };
        Self { kind, longest: config.max_record_bytes as usize, skipping }
    }

    /// Whether the offset is within a record that is skipped.
    pub(crate) fn skipping(&self) -> bool {
        self.skipping
    }

    /// For a file that is not read from its start: what its header row says.
    pub(crate) fn read_header(&mut self, beginning: &[u8]) {
        if let Kind::Csv(csv) = &mut self.kind {
            csv.read_header(beginning);
        }
    }

    /// How many bytes from the start of the file [`Framing::read_header`] wants.
    pub(crate) fn header_bytes(&self) -> usize {
        match &self.kind {
            Kind::Csv(csv) if csv.needs_header() => self.longest,
            _ => 0,
        }
    }

    /// Takes the next record from the start of `unread`. `last`: nothing will ever follow these bytes.
    pub(crate) fn next(&mut self, unread: &[u8], last: bool, records: &mut Records) -> Frame {
        if self.skipping {
            return self.skip(unread, last);
        }
        let frame = match &mut self.kind {
            Kind::Lines => line(unread, last, self.longest, records),
            Kind::Csv(csv) => csv.row(unread, last, self.longest, records),
        };
        // Nothing is too long before it is longer than the longest.
        if frame == Frame::Incomplete && unread.len() > self.longest {
            return self.skip(unread, last);
        }
        frame
    }

    fn skip(&mut self, unread: &[u8], last: bool) -> Frame {
        match memchr::memchr(b'\n', unread) {
            Some(end) => {
                self.skipping = false;
                Frame::TooLong(end + 1)
            }
            None if unread.is_empty() && !last => Frame::Incomplete,
            None if last => {
                self.skipping = false;
                Frame::TooLong(unread.len())
            }
            None => {
                self.skipping = true;
                Frame::TooLongSoFar(unread.len())
            }
        }
    }
}

fn line(unread: &[u8], last: bool, longest: usize, records: &mut Records) -> Frame {
    let (text, length) = match memchr::memchr(b'\n', unread) {
        Some(end) => (&unread[..end], end + 1),
        None if last && !unread.is_empty() => (unread, unread.len()),
        None => return Frame::Incomplete,
    };
    if text.len() > longest {
        return Frame::TooLong(length);
    }
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.iter().all(u8::is_ascii_whitespace) {
        return Frame::Nothing(length);
    }
    records.push(text);
    Frame::Record(length)
}
