//! Rows as text, the one form that every PostgreSQL type reads: in one buffer, for one statement.

use std::error::Error;
use std::ops::Range;

use bytes::{BufMut, BytesMut};
use kennel_postgres::tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// Start and end in the buffer; a start behind the end is null.
type Span = (u32, u32);

const NULL: Span = (1, 0);

/// Rows of a fixed number of columns.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    width: usize,
    text: Vec<u8>,
    cells: Vec<Span>,
}

impl Rows {
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Number of columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len() / self.width.max(1)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Adds a cell to the last row; `write` appends its text, or says that it is null.
    pub(crate) fn cell<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Presence, E>,
    ) -> Result<Presence, E> {
        let start = self.text.len();
        let presence = write(&mut self.text)?;
        self.cells.push(match presence {
            Presence::Null => NULL,
            // A batch is far below 4 GiB: the address space of a component.
            Presence::Value => (start as u32, self.text.len() as u32),
        });
        Ok(presence)
    }

    /// Takes back a row that was begun behind `complete` rows.
    pub(crate) fn truncate(&mut self, complete: usize) {
        self.cells.truncate(complete * self.width);
    }

    /// Removes rows, given ascending.
    pub(crate) fn remove(&mut self, rows: &[usize]) {
        if rows.is_empty() {
            return;
        }
        let (mut row, mut removed, width) = (0, rows.iter().peekable(), self.width);
        let mut kept = Vec::with_capacity(self.cells.len());
        for cells in self.cells.chunks_exact(width) {
            if removed.next_if_eq(&&row).is_none() {
                kept.extend_from_slice(cells);
            }
            row += 1;
        }
        self.cells = kept;
    }

    fn get(&self, row: usize, column: usize) -> Option<&[u8]> {
        let (start, end) = self.cells[row * self.width + column];
        (start <= end).then(|| &self.text[start as usize..end as usize])
    }

    /// One column of some rows, as a parameter of type `text[]`.
    pub(crate) fn column(&self, column: usize, rows: Range<usize>) -> TextColumn<'_> {
        TextColumn { rows: self, column, range: rows }
    }

    /// Some rows as `COPY` reads them.
    pub(crate) fn copy_text(&self, rows: Range<usize>) -> BytesMut {
        let mut out = BytesMut::with_capacity(rows.len() * self.width * 8);
        for row in rows {
            for column in 0..self.width {
                if column > 0 {
                    out.put_u8(b'\t');
                }
                match self.get(row, column) {
                    Some(text) => escape(text, &mut out),
                    None => out.put_slice(b"\\N"),
                }
            }
            out.put_u8(b'\n');
        }
        out
    }
}

/// Whether a cell has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Value,
    Null,
}

fn escape(text: &[u8], out: &mut BytesMut) {
    let mut clean = 0;
    for (at, &byte) in text.iter().enumerate() {
        let letter = match byte {
            b'\\' => b'\\',
            b'\t' => b't',
            b'\n' => b'n',
            b'\r' => b'r',
            _ => continue,
        };
        out.put_slice(&text[clean..at]);
        out.put_slice(&[b'\\', letter]);
        clean = at + 1;
    }
    out.put_slice(&text[clean..]);
}

/// A column of some rows.
#[derive(Debug)]
pub(crate) struct TextColumn<'a> {
    rows: &'a Rows,
    column: usize,
    range: Range<usize>,
}

impl ToSql for TextColumn<'_> {
    /// An array in binary form: dimensions, whether it has nulls, the elements' type, then per dimension length and lower
    /// bound, then the elements.
    fn to_sql(
        &self,
        _type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let empty = self.range.is_empty();
        out.put_i32(i32::from(!empty));
        out.put_i32(1);
        out.put_u32(Type::TEXT.oid());
        if empty {
            return Ok(IsNull::No);
        }
        out.put_i32(i32::try_from(self.range.len())?);
        out.put_i32(1);
        for row in self.range.clone() {
            match self.rows.get(row, self.column) {
                Some(text) => {
                    out.put_i32(i32::try_from(text.len())?);
                    out.put_slice(text);
                }
                None => out.put_i32(-1),
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(expected: &Type) -> bool {
        *expected == Type::TEXT_ARRAY
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(cells: &[[Option<&str>; 2]]) -> Rows {
        let mut rows = Rows::new(2);
        for text in cells.iter().flatten() {
            let written: Result<_, ()> = rows.cell(|out| {
                out.extend_from_slice(text.unwrap_or("").as_bytes());
                Ok(if text.is_some() { Presence::Value } else { Presence::Null })
            });
            written.unwrap();
        }
        rows
    }

    #[test]
    fn given_rows_should_write_them_for_copy() {
        let rows = rows(&[[Some("a\tb"), None], [Some(""), Some("\\N\r\n")]]);
        assert_eq!(&rows.copy_text(0..2)[..], b"a\\tb\t\\N\n\t\\\\N\\r\\n\n");
        assert_eq!(&rows.copy_text(1..2)[..], b"\t\\\\N\\r\\n\n");
    }

    #[test]
    fn given_rows_to_remove_should_keep_the_others() {
        let mut rows = rows(&[[Some("0"), None], [Some("1"), None], [Some("2"), None]]);
        rows.remove(&[0, 2]);
        assert_eq!(rows.len(), 1);
        assert_eq!(&rows.copy_text(0..1)[..], b"1\t\\N\n");
    }

    #[test]
    fn given_a_row_half_done_should_take_it_back() {
        let mut rows = rows(&[[Some("0"), Some("a")]]);
        let written: Result<_, ()> = rows.cell(|_| Ok(Presence::Null));
        written.unwrap();
        rows.truncate(1);
        assert_eq!(rows.len(), 1);
        assert_eq!(&rows.copy_text(0..1)[..], b"0\ta\n");
    }
}
