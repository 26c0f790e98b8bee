//! The messages of the `pgoutput` plugin, protocol version 1.

use super::reader::{Malformed, Reader};
use crate::lsn::Lsn;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message<'a> {
    /// A transaction begins; all that follows up to its commit belongs to it.
    Begin(Begin),
    Commit {
        /// Behind its commit: the next transaction's commit is not before it.
        end: Lsn,
    },
    /// What rows of a table look like from now on.
    Relation(Relation<'a>),
    Insert {
        relation: u32,
        new: Tuple<'a>,
    },
    Update {
        relation: u32,
        old: Option<Old<'a>>,
        new: Tuple<'a>,
    },
    Delete {
        relation: u32,
        old: Old<'a>,
    },
    Truncate {
        relations: Vec<u32>,
        cascade: bool,
        restart_identity: bool,
    },
    /// Where a change came from, a type's name, or a message that an application wrote: nothing that a row is told by.
    Other,
}

/// The beginning of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begin {
    /// Where it was committed.
    pub(crate) commit: Lsn,
    /// When, in microseconds since 2000 UTC.
    pub(crate) time: i64,
    pub(crate) transaction_id: u32,
}

/// What rows of a table look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relation<'a> {
    pub(crate) id: u32,
    pub(crate) schema: &'a str,
    pub(crate) table: &'a str,
    /// `d` primary key, `i` an index, `f` all columns, `n` nothing.
    pub(crate) replica_identity: u8,
    pub(crate) columns: Vec<RelationColumn<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RelationColumn<'a> {
    pub(crate) name: &'a str,
    pub(crate) type_id: u32,
    /// Part of the replica identity.
    pub(crate) identity: bool,
}

/// What is known of a row before its change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Old<'a> {
    /// The columns of its replica identity; all others are null.
    Key(Tuple<'a>),
    /// All of it.
    Row(Tuple<'a>),
}

/// The values of a row, found to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tuple<'a> {
    count: u16,
    bytes: &'a [u8],
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    /// Too large to be logged again, and not changed.
    Unchanged,
    Text(&'a [u8]),
}

impl<'a> Message<'a> {
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8()? {
            b'B' => Self::Begin(Begin {
                commit: Lsn(reader.u64()?),
                time: reader.i64()?,
                transaction_id: reader.u32()?,
            }),
            b'C' => {
                let (_flags, _commit) = (reader.u8()?, reader.u64()?);
                let end = Lsn(reader.u64()?);
                let _time = reader.i64()?;
                Self::Commit { end }
            }
            b'R' => Self::Relation(Relation::decode(&mut reader)?),
            b'I' => {
                let relation = reader.u32()?;
                Self::Insert { relation, new: new_tuple(&mut reader)? }
            }
            b'U' => {
                let relation = reader.u32()?;
                let mut behind = reader;
                let old = match behind.u8()? {
                    b'N' => None,
                    _ => Some(Old::decode(&mut reader)?),
                };
                Self::Update { relation, old, new: new_tuple(&mut reader)? }
            }
            b'D' => Self::Delete { relation: reader.u32()?, old: Old::decode(&mut reader)? },
            b'T' => {
                let count = reader.u32()?;
                let options = reader.u8()?;
                let relations = (0..count).map(|_| reader.u32()).collect::<Result<_, _>>()?;
                Self::Truncate {
                    relations,
                    cascade: options & 1 != 0,
                    restart_identity: options & 2 != 0,
                }
            }
            b'O' | b'Y' | b'M' => return Ok(Self::Other),
            other => return Err(Malformed::Kind(other)),
        };
        reader.end()?;
        Ok(message)
    }
}

impl<'a> Relation<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let id = reader.u32()?;
        let (schema, table) = (reader.name()?, reader.name()?);
        let replica_identity = reader.u8()?;
        let count = reader.u16()?;
        let mut columns = Vec::new();
        for _ in 0..count {
            let flags = reader.u8()?;
            let name = reader.name()?;
            let type_id = reader.u32()?;
            let _modifier = reader.u32()?;
            columns.push(RelationColumn { name, type_id, identity: flags & 1 != 0 });
        }
        // The system's own schema has an empty name.
        let schema = if schema.is_empty() { "pg_catalog" } else { schema };
        Ok(Self { id, schema, table, replica_identity, columns })
    }
}

impl<'a> Old<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        match reader.u8()? {
            b'K' => Ok(Self::Key(Tuple::decode(reader)?)),
            b'O' => Ok(Self::Row(Tuple::decode(reader)?)),
            other => Err(Malformed::Kind(other)),
        }
    }

    pub(crate) fn tuple(&self) -> &Tuple<'a> {
        match self {
            Self::Key(tuple) | Self::Row(tuple) => tuple,
        }
    }
}

fn new_tuple<'a>(reader: &mut Reader<'a>) -> Result<Tuple<'a>, Malformed> {
    match reader.u8()? {
        b'N' => Tuple::decode(reader),
        other => Err(Malformed::Kind(other)),
    }
}

impl<'a> Tuple<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let count = reader.u16()?;
        let start = reader.rest();
        for _ in 0..count {
            value(reader)?;
        }
        let length = start.len() - reader.rest().len();
        Ok(Self { count, bytes: &start[..length] })
    }

    /// The values in the order of the table's columns.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        // Decoding has walked over all of them, so none is malformed.
        (0..self.count).map_while(move |_| value(&mut reader).ok())
    }
}

fn value<'a>(reader: &mut Reader<'a>) -> Result<Value<'a>, Malformed> {
    match reader.u8()? {
        b'n' => Ok(Value::Null),
        b'u' => Ok(Value::Unchanged),
        b't' => Ok(Value::Text(reader.counted()?)),
        other => Err(Malformed::Kind(other)),
    }
}

#[cfg(test)]
#[path = "pgoutput_tests.rs"]
mod tests;
