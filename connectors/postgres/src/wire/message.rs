//! What a server says, as far as a session of our own needs it.

use bytes::{Buf, Bytes, BytesMut};

use super::Refusal;

/// Longest message in bytes. No row is larger than 1 GiB, and no guest has that much memory.
const LONGEST: usize = 1 << 30;

/// What a server says.
#[derive(Debug)]
#[non_exhaustive]
pub enum Message {
    /// It asks who is there; 0: it knows now.
    Authentication {
        /// Kind of the request.
        request: u32,
        /// What belongs to it.
        data: Bytes,
    },
    /// Who it is.
    BackendKeyData {
        /// Number of its process.
        process_id: i32,
    },
    /// A statement is done.
    CommandComplete,
    /// From now on data flows in both directions.
    CopyBothResponse,
    /// Copied data.
    CopyData(Bytes),
    /// The end of copied data.
    CopyDone,
    /// One row.
    DataRow(DataRow),
    /// A statement failed, or the session ends.
    ErrorResponse(Refusal),
    /// Something for people, a parameter or a notification; it may come at any time.
    Notice,
    /// It waits for the next statement.
    ReadyForQuery,
    /// What the rows that follow look like.
    RowDescription(Vec<Column>),
    /// Anything else.
    Other(u8),
}

/// A column of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Object id of its type.
    pub type_id: u32,
}

/// One row as it came: values in text form.
#[derive(Debug, Clone)]
pub struct DataRow(Bytes);

/// The values of a row; `None` is null.
pub type Row = Vec<Option<String>>;

impl Message {
    /// Takes the message at the start of `buffer`; `None`: it is not there yet as a whole.
    pub(super) fn parse(buffer: &mut BytesMut) -> Result<Option<Self>, String> {
        let Some((&tag, rest)) = buffer.split_first() else { return Ok(None) };
        let Some(length) = rest.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if !(4..=LONGEST).contains(&length) {
            return Err(format!("a message of {length} bytes"));
        }
        if buffer.len() <= length {
            return Ok(None);
        }
        let mut body = buffer.split_to(length + 1).freeze();
        body.advance(5);
        let message = match tag {
            b'R' => {
                let request = body.try_get_u32().map_err(|_| cut(tag))?;
                Self::Authentication { request, data: body }
            }
            b'K' => Self::BackendKeyData { process_id: body.try_get_i32().map_err(|_| cut(tag))? },
            b'C' => Self::CommandComplete,
            b'W' => Self::CopyBothResponse,
            b'd' => Self::CopyData(body),
            b'c' => Self::CopyDone,
            b'D' => Self::DataRow(DataRow(body)),
            b'E' => Self::ErrorResponse(Refusal::parse(&body)),
            b'N' | b'S' | b'A' => Self::Notice,
            b'Z' => Self::ReadyForQuery,
            b'T' => Self::RowDescription(columns(body).ok_or_else(|| cut(tag))?),
            other => Self::Other(other),
        };
        Ok(Some(message))
    }

    /// For people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Authentication { request, .. } => format!("authentication request {request}"),
            Self::BackendKeyData { .. } => "backend key data".to_owned(),
            Self::CommandComplete => "command complete".to_owned(),
            Self::CopyBothResponse => "copy both response".to_owned(),
            Self::CopyData(_) => "copy data".to_owned(),
            Self::CopyDone => "copy done".to_owned(),
            Self::DataRow(_) => "data row".to_owned(),
            Self::ErrorResponse(refusal) => refusal.to_string(),
            Self::Notice => "notice".to_owned(),
            Self::ReadyForQuery => "ready for query".to_owned(),
            Self::RowDescription(_) => "row description".to_owned(),
            Self::Other(tag) => format!("message `{}`", char::from(*tag).escape_default()),
        }
    }
}

fn cut(tag: u8) -> String {
    format!("message `{}` is too short", char::from(tag).escape_default())
}

fn columns(mut body: Bytes) -> Option<Vec<Column>> {
    /// Table, column number, size, modifier and format stand beside the type.
    const BEFORE_TYPE: usize = 6;
    const BEHIND_TYPE: usize = 8;
    let count = body.try_get_u16().ok()?;
    let mut columns = Vec::with_capacity(count.into());
    for _ in 0..count {
        let end = body.iter().position(|&byte| byte == 0)?;
        let name = String::from_utf8_lossy(&body.split_to(end)).into_owned();
        (body.len() > BEFORE_TYPE).then(|| body.advance(1 + BEFORE_TYPE))?;
        let type_id = body.try_get_u32().ok()?;
        (body.len() >= BEHIND_TYPE).then(|| body.advance(BEHIND_TYPE))?;
        columns.push(Column { name, type_id });
    }
    Some(columns)
}

impl DataRow {
    /// The values in text form, in the order of the columns; `None` is null. `Err`: the row is cut off.
    pub fn values(&self) -> impl Iterator<Item = Result<Option<&[u8]>, Cut>> {
        let mut rest = self.0.get(2..).unwrap_or_default();
        let count = self.0.first_chunk::<2>().map_or(0, |count| u16::from_be_bytes(*count));
        (0..count).map(move |_| {
            let (length, behind) = rest.split_first_chunk::<4>().ok_or(Cut)?;
            rest = behind;
            let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else { return Ok(None) };
            let (value, behind) = rest.split_at_checked(length).ok_or(Cut)?;
            rest = behind;
            Ok(Some(value))
        })
    }

    pub(super) fn to_row(&self) -> Result<Row, crate::ClientError> {
        let text = |value: Option<&[u8]>| value.map(|v| String::from_utf8_lossy(v).into_owned());
        let values = self.values().map(|value| value.map(text));
        values.collect::<Result<_, Cut>>().map_err(Into::into)
    }
}

/// A row is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row is cut off")]
pub struct Cut;

impl From<Cut> for crate::ClientError {
    fn from(cut: Cut) -> Self {
        Self::Protocol(cut.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tag: u8, body: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::from(&[tag][..]);
        bytes.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    #[test]
    fn given_half_a_message_should_wait_for_the_rest() {
        let whole = message(b'd', b"data");
        for cut in 0..whole.len() {
            let mut part = BytesMut::from(&whole[..cut]);
            assert!(Message::parse(&mut part).unwrap().is_none(), "{cut}");
            assert_eq!(part.len(), cut, "nothing is taken");
        }
        let mut two = whole.clone();
        two.extend_from_slice(&message(b'Z', b"I"));
        let Some(Message::CopyData(data)) = Message::parse(&mut two).unwrap() else { panic!() };
        assert_eq!(data, &b"data"[..]);
        assert!(matches!(Message::parse(&mut two).unwrap(), Some(Message::ReadyForQuery)));
        assert!(two.is_empty());
    }

    #[test]
    fn given_an_impossible_length_should_say_so() {
        for length in [0_u32, 3, u32::MAX] {
            let mut bytes = BytesMut::from(&b"d"[..]);
            bytes.extend_from_slice(&length.to_be_bytes());
            assert!(Message::parse(&mut bytes).is_err(), "{length}");
        }
    }

    #[test]
    fn given_a_description_cut_anywhere_should_say_so() {
        let mut body = vec![0, 1];
        body.extend_from_slice(b"id\0");
        body.extend_from_slice(&[0; 6]);
        body.extend_from_slice(&23_u32.to_be_bytes());
        body.extend_from_slice(&[0; 8]);
        let columns = columns(Bytes::from(body.clone())).unwrap();
        assert_eq!(columns, [Column { name: "id".into(), type_id: 23 }]);
        for cut in 0..body.len() {
            let cut_off = Message::parse(&mut message(b'T', &body[..cut]));
            assert!(cut_off.is_err(), "{cut}");
        }
    }

    #[test]
    fn given_a_row_cut_anywhere_should_never_answer_all_of_it() {
        let mut body = vec![0, 3];
        body.extend_from_slice(&[0, 0, 0, 2, b'4', b'2']);
        body.extend_from_slice(&(-1_i32).to_be_bytes());
        body.extend_from_slice(&[0, 0, 0, 0]);
        let row = DataRow(Bytes::from(body.clone())).to_row().unwrap();
        assert_eq!(row, [Some("42".to_owned()), None, Some(String::new())]);
        for cut in 2..body.len() {
            assert!(DataRow(Bytes::from(body[..cut].to_vec())).to_row().is_err(), "{cut}");
        }
    }
}
