//! Rows of CSV (RFC 4180) as JSON objects.

use std::collections::{BTreeMap, BTreeSet};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use kennel_sdk::Records;
use serde_json::value::RawValue;

use crate::config::{CellType, CsvConfig};
use crate::frame::Frame;

/// Reads the rows of one file.
#[derive(Debug)]
pub(crate) struct Csv {
    parser: Reader,
    /// Cells of the row in hand, one behind the other, without quotes.
    text: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    /// How many there are.
    cells: usize,
    /// Whether the next row of the file is its header.
    header_ahead: bool,
    has_header: bool,
    /// Columns by configuration or by header.
    columns: Vec<Column>,
    named: bool,
    types: BTreeMap<String, CellType>,
}

#[derive(Debug)]
struct Column {
    /// `"name":`
    key: Vec<u8>,
    kind: Option<CellType>,
}

/// A row in the buffers of its reader.
enum Row {
    /// It took that many bytes.
    Whole(usize),
    /// Nothing but line breaks.
    Blank,
    Incomplete,
}

impl Csv {
    pub(crate) fn new(config: &CsvConfig) -> Self {
        let delimiter = u8::try_from(config.delimiter).unwrap_or(b',');
        let mut csv = Self {
            parser: ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; 1024],
            ends: vec![0; 32],
            cells: 0,
            header_ahead: config.header,
            has_header: config.header,
            columns: Vec::new(),
            named: !config.columns.is_empty(),
            types: config.types.clone(),
        };
        csv.name_columns(config.columns.clone());
        csv
    }

    /// Whether a file that is not read from its start has to be asked for its header.
    pub(crate) fn needs_header(&self) -> bool {
        self.has_header
    }

    /// For a file that is not read from its start: its header is not ahead any more.
    pub(crate) fn read_header(&mut self, beginning: &[u8]) {
        self.header_ahead = false;
        if self.has_header && matches!(self.parse(beginning, true), Row::Whole(_)) {
            self.take_header();
        }
    }

    fn take_header(&mut self) {
        self.header_ahead = false;
        if !self.named {
            let cells = (0..self.cells).map(|place| self.cell(place));
            let names = cells.map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
            self.name_columns(names);
        }
    }

    /// Names that are empty or taken already become `column_3` and the like.
    fn name_columns(&mut self, names: Vec<String>) {
        let mut taken = BTreeSet::new();
        self.columns = names
            .into_iter()
            .enumerate()
            .map(|(place, name)| {
                let new = !name.is_empty() && taken.insert(name.clone());
                let name = if new { name } else { nameless(place) };
                Column { key: key(&name), kind: self.types.get(&name).copied() }
            })
            .collect();
    }

    fn cell(&self, place: usize) -> &[u8] {
        let end_of = |place: usize| self.ends.get(place).copied().unwrap_or(0);
        let start = place.checked_sub(1).map_or(0, end_of);
        self.text.get(start..end_of(place)).unwrap_or_default()
    }

    /// Every column appears: missing cells are `null`, and cells beyond the columns are named by their place.
    fn write_object(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for place in 0..self.cells.max(self.columns.len()) {
            if place > 0 {
                out.push(b',');
            }
            let column = self.columns.get(place);
            match column {
                Some(column) => out.extend_from_slice(&column.key),
                None => out.extend_from_slice(&key(&nameless(place))),
            }
            if place < self.cells {
                write_cell(self.cell(place), column.and_then(|column| column.kind), out);
            } else {
                out.extend_from_slice(b"null");
            }
        }
        out.push(b'}');
    }

    /// Takes the next row from the start of `unread` as a JSON object.
    pub(crate) fn row(
        &mut self,
        unread: &[u8],
        last: bool,
        longest: usize,
        records: &mut Records,
    ) -> Frame {
        match self.parse(unread, last) {
            Row::Incomplete => Frame::Incomplete,
            Row::Blank => Frame::Nothing(unread.len()),
            Row::Whole(length) if self.header_ahead => {
                self.take_header();
                Frame::Nothing(length)
            }
            Row::Whole(length) if length > longest => Frame::TooLong(length),
            Row::Whole(length) => {
                records.push_with(|out| self.write_object(out));
                Frame::Record(length)
            }
        }
    }

    /// Every row is parsed from its first byte with a fresh parser, so that a row can be tried again when more of it is
    /// there, and reading can begin at any row.
    fn parse(&mut self, unread: &[u8], last: bool) -> Row {
        self.parser.reset();
        let (mut read, mut written, mut cells) = (0, 0, 0);
        loop {
            let input = unread.get(read..).unwrap_or_default();
            if input.is_empty() && !last {
                return Row::Incomplete;
            }
            let (result, bytes, text, ends) = self.parser.read_record(
                input,
                self.text.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(cells..).unwrap_or_default(),
            );
            read += bytes;
            written += text;
            cells += ends;
            match result {
                // With nothing left, the loop ends above or tells the parser that this was all.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return Row::Blank,
            }
        }
        self.cells = cells;
        // A row that ends with a carriage return and a line feed ends behind both.
        if unread.get(read.wrapping_sub(1)) == Some(&b'\r') && unread.get(read) == Some(&b'\n') {
            read += 1;
        }
        Row::Whole(read)
    }
}

fn nameless(place: usize) -> String {
    format!("column_{}", place + 1)
}

fn key(name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(name.len() + 3);
    push_string(name, &mut key);
    key.push(b':');
    key
}

fn push_string(text: &str, out: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *out, text);
    debug_assert!(written.is_ok(), "writing text into a vector cannot fail");
}

/// A typed cell that is empty is `null`; one that does not fit its type stays text, so that nothing is lost.
fn write_cell(cell: &[u8], kind: Option<CellType>, out: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(cell);
    let Some(kind) = kind else { return push_string(&text, out) };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return out.extend_from_slice(b"null");
    }
    let written = match kind {
        CellType::Integer => integer(trimmed),
        CellType::Float => trimmed
            .parse()
            .ok()
            .and_then(serde_json::Number::from_f64)
            .map(|number| number.to_string()),
        CellType::Boolean => boolean(trimmed).map(|value| value.to_string()),
        CellType::Json => {
            serde_json::from_str::<&RawValue>(trimmed).ok().map(|json| json.get().to_owned())
        }
    };
    match written {
        Some(json) => out.extend_from_slice(json.as_bytes()),
        None => push_string(&text, out),
    }
}

fn integer(text: &str) -> Option<String> {
    let signed = text.parse::<i64>().ok().map(|number| number.to_string());
    signed.or_else(|| text.parse::<u64>().ok().map(|number| number.to_string()))
}

fn boolean(text: &str) -> Option<bool> {
    const YES: [&str; 3] = ["true", "yes", "1"];
    const NO: [&str; 3] = ["false", "no", "0"];
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    if YES.iter().any(is) {
        return Some(true);
    }
    NO.iter().any(is).then_some(false)
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
