//! What the server's catalogue says about publications, slots and tables.

use std::collections::HashMap;

use kennel_postgres::wire::{Row, Wire};
use kennel_postgres::{ClientError, TableName, quote_identifier, quote_literal};
use kennel_sdk::Error;

use crate::config::CdcConfig;
use crate::lsn::Lsn;

/// A replication slot, as the server knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    plugin: Option<String>,
    database: Option<String>,
    confirmed: Option<Lsn>,
    active: bool,
    /// Why it is of no use any more.
    lost: Option<String>,
}

/// A table of the publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) schema: String,
    pub(crate) table: String,
    /// A SELECT of what of it is published.
    pub(crate) select: String,
    /// The columns that tell its rows apart.
    pub(crate) key: Vec<String>,
}

/// First object id that is not the system's own.
const FIRST_OF_USERS: u32 = 16_384;

/// Names the server and the database for ever: a copy of its files has the same name.
pub(crate) fn system(wire: &mut Wire) -> Result<[String; 2], Error> {
    let row = wire.query("IDENTIFY_SYSTEM")?.into_iter().next().unwrap_or_default();
    let mut row = row.into_iter().map(Option::unwrap_or_default);
    let identifier = row.next().unwrap_or_default();
    Ok([identifier, row.nth(2).unwrap_or_default()])
}

/// Finds the publication. `create`: makes a missing one, if there are tables to make it of.
pub(crate) fn ensure_publication(
    wire: &mut Wire,
    config: &CdcConfig,
    create: bool,
) -> Result<(), Error> {
    let CdcConfig { publication, tables, .. } = config;
    let name = quote_literal(publication);
    let found = wire.query(&format!("select 1 from pg_publication where pubname = {name}"))?;
    if found.is_empty() {
        if !create || tables.is_empty() {
            let how = if create {
                "create it, or name its `tables`"
            } else {
                "it was there at the first start, and changes made without it cannot be read"
            };
            return Err(Error::invalid_config(format!(
                "there is no publication {publication}: {how}"
            )));
        }
        let tables: Vec<String> = tables.iter().map(TableName::to_string).collect();
        let publication = quote_identifier(publication);
        wire.query(&format!("create publication {publication} for table {}", tables.join(", ")))?;
        return Ok(());
    }
    for table in tables {
        // A partitioned table is listed by its partitions.
        let sql = format!(
            "select 1 from pg_publication p join pg_class c on c.oid = to_regclass({table}) \
               join pg_namespace n on n.oid = c.relnamespace \
             where p.pubname = {name} and (p.puballtables \
               or exists (select from pg_publication_rel r where r.prpubid = p.oid and r.prrelid = c.oid) \
               or exists (select from pg_publication_tables t where t.pubname = p.pubname \
                            and t.schemaname = n.nspname and t.tablename = c.relname))",
            table = quote_literal(&table.to_string())
        );
        if wire.query(&sql)?.is_empty() {
            let detail = format!("{table} is not part of the publication {publication}");
            return Err(Error::invalid_config(detail));
        }
    }
    Ok(())
}

/// The slot of that name.
pub(crate) fn find_slot(wire: &mut Wire, name: &str) -> Result<Option<Slot>, Error> {
    // Columns that a server's version does not have read as null.
    let sql = format!(
        "select s.plugin, s.database, s.confirmed_flush_lsn, s.restart_lsn, to_jsonb(s) ->> 'wal_status', \
           to_jsonb(s) ->> 'invalidation_reason', to_jsonb(s) ->> 'conflicting', s.active::text \
         from pg_replication_slots s where s.slot_name = {}",
        quote_literal(name)
    );
    let Some(row) = wire.query(&sql)?.into_iter().next() else { return Ok(None) };
    Slot::read(row).map(Some)
}

impl Slot {
    fn read(row: Row) -> Result<Self, Error> {
        let mut row = row.into_iter();
        let mut next = || row.next().flatten();
        let (plugin, database, confirmed, restart) = (next(), next(), next(), next());
        let (wal_status, invalidation, conflicting) = (next(), next(), next());
        let active = next().as_deref() == Some("true");
        let lost = match (wal_status.as_deref(), invalidation, conflicting.as_deref()) {
            (_, Some(reason), _) => Some(reason),
            (Some("lost"), ..) => Some("the log it needs was removed".to_owned()),
            (.., Some("true")) => Some("it conflicted with recovery".to_owned()),
            _ if restart.is_none() => Some("it keeps no log".to_owned()),
            _ => None,
        };
        let confirmed = confirmed.map(|text| text.parse()).transpose().map_err(Error::broken)?;
        Ok(Self { plugin, database, confirmed, active, lost })
    }

    /// Where its reader has got to, if it can be read in this database by this connector.
    pub(crate) fn usable(&self, name: &str, database: &str) -> Result<Lsn, Error> {
        if self.plugin.as_deref() != Some("pgoutput") {
            let plugin = self.plugin.as_deref().unwrap_or("none: it is physical");
            let detail = format!("the plugin of slot {name} has to be pgoutput, but is {plugin}");
            return Err(Error::invalid_config(detail));
        }
        if self.database.as_deref() != Some(database) {
            let other = self.database.as_deref().unwrap_or_default();
            let detail = format!("slot {name} is of database {other}, not {database}");
            return Err(Error::invalid_config(detail));
        }
        match (&self.lost, self.confirmed) {
            (_, None) if self.active => Err(Error::unavailable(format!(
                "slot {name} is still being made by another session"
            ))),
            (Some(reason), _) => Err(lost(name, reason)),
            (None, None) => Err(lost(name, "it was never completed")),
            (None, Some(confirmed)) => Ok(confirmed),
        }
    }

    /// Whether all changes from `lsn` on can still be read from it.
    pub(crate) fn covers(&self, name: &str, database: &str, lsn: Lsn) -> Result<(), Error> {
        let confirmed = self.usable(name, database)?;
        if confirmed > lsn {
            // The server would begin there without a word.
            let reason = format!("it was moved on to {confirmed}, but is read up to {lsn} only");
            return Err(lost(name, &reason));
        }
        Ok(())
    }
}

/// Changes are gone, and nobody but the operator can say what that means.
pub(crate) fn lost(slot: &str, reason: &str) -> Error {
    Error::invalid_config(format!(
        "replication slot {slot} is lost: {reason}. Changes since the saved position cannot be read any more. To begin \
         again with a new snapshot, drop the slot if it is there, and forget the connector's saved position"
    ))
}

/// An error of the slot itself, told as such.
pub(crate) fn slot_error(slot: &str, error: ClientError) -> Error {
    match (error.code(), &error) {
        // undefined_file: a segment of the log was removed. object_not_in_prerequisite_state: the slot was invalidated.
        (Some("58P01" | "55000"), _) => lost(slot, &error.to_string()),
        // object_in_use: during a swap the old version holds it.
        (Some("55006"), _) => Error::unavailable(format!("slot {slot}: {error}")),
        _ => error.into(),
    }
}

/// The tables of the publication, and what of them is published.
pub(crate) fn published(wire: &mut Wire, publication: &str) -> Result<Vec<Published>, Error> {
    // Column lists and row filters came with version 15; before, their columns read as null.
    let sql = format!(
        "select c.oid, p.schemaname, p.tablename, \
           case c.relkind when 'r' then 'only ' else '' end, to_jsonb(p) ->> 'rowfilter', \
           (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a \
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' \
                and coalesce(to_jsonb(p) -> 'attnames' ? a.attname::text, true)) \
         from pg_publication_tables p join pg_namespace n on n.nspname = p.schemaname \
           join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename \
         where p.pubname = {} order by 2, 3",
        quote_literal(publication)
    );
    let mut tables = Vec::new();
    for row in wire.query(&sql)? {
        let mut row = row.into_iter();
        let mut next = || row.next().flatten();
        let id = next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let (schema, table) = (next().unwrap_or_default(), next().unwrap_or_default());
        let (only, filter, columns) = (next().unwrap_or_default(), next(), next());
        let filter = filter.map_or_else(String::new, |filter| format!(" where {filter}"));
        let select = format!(
            "select {} from {only}{}.{}{filter}",
            columns.unwrap_or_default(),
            quote_identifier(&schema),
            quote_identifier(&table)
        );
        tables.push((id, Published { schema, table, select, key: Vec::new() }));
    }
    let with_key = |(id, mut table): (u32, Published)| {
        table.key = key_of(wire, id)?;
        Ok(table)
    };
    tables.into_iter().map(with_key).collect()
}

/// The columns that tell the rows of a table apart: its replica identity, or its primary key where that is the whole row.
pub(crate) fn key_of(wire: &mut Wire, table: u32) -> Result<Vec<String>, Error> {
    let sql = format!(
        "select a.attname from pg_class c join pg_index i on i.indrelid = c.oid \
           cross join lateral unnest(i.indkey) with ordinality k(attnum, place) \
           join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum \
         where c.oid = {table} and k.place <= i.indnkeyatts and case c.relreplident \
           when 'i' then i.indisreplident when 'n' then false else i.indisprimary end \
         order by a.attnum"
    );
    Ok(wire.query(&sql)?.into_iter().filter_map(|row| row.into_iter().next().flatten()).collect())
}

/// For those among the types that were made by `create domain`, what lies under them: values of both look the same.
pub(crate) fn base_types(wire: &mut Wire, types: &[u32]) -> Result<HashMap<u32, u32>, Error> {
    let made: Vec<String> =
        types.iter().filter(|id| **id >= FIRST_OF_USERS).map(u32::to_string).collect();
    if made.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "with recursive base(id, under) as (select oid, typbasetype from pg_type where oid in ({}) and typtype = 'd' \
           union all select b.id, t.typbasetype from base b join pg_type t on t.oid = b.under and t.typtype = 'd') \
         select b.id, b.under from base b join pg_type t on t.oid = b.under where t.typtype <> 'd'",
        made.join(", ")
    );
    let number = |value: Option<String>| value.and_then(|text| text.parse().ok());
    let pair = |row: Row| {
        let mut row = row.into_iter();
        Some((number(row.next()?)?, number(row.next()?)?))
    };
    Ok(wire.query(&sql)?.into_iter().filter_map(pair).collect())
}

/// Whether the catalogue has to be asked about a table of the log: a type or a key that its description does not tell.
pub(crate) fn is_needed(relation: &super::pgoutput::Relation<'_>) -> bool {
    relation.replica_identity == b'f'
        || relation.columns.iter().any(|column| column.type_id >= FIRST_OF_USERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(values: [Option<&str>; 8]) -> Slot {
        Slot::read(values.map(|value| value.map(str::to_owned)).into()).unwrap()
    }

    fn is_lost(answer: Result<(), Error>, why: &str) {
        match answer {
            Err(Error::InvalidConfig(detail)) => assert!(detail.contains(why), "{detail}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn given_a_slot_should_only_be_read_where_nothing_is_missing() {
        let healthy = [
            Some("pgoutput"),
            Some("shop"),
            Some("0/20"),
            Some("0/10"),
            Some("reserved"),
            None,
            None,
            Some("false"),
        ];
        assert_eq!(slot(healthy).covers("s", "shop", Lsn(0x20)), Ok(()));
        assert_eq!(slot(healthy).covers("s", "shop", Lsn(0x30)), Ok(()));
        is_lost(slot(healthy).covers("s", "shop", Lsn(0x1f)), "moved on to 0/20");
        is_lost(slot(healthy).covers("s", "other", Lsn(0x20)), "of database shop");
        for (index, value, why) in [
            (0, Some("wal2json"), "wal2json"),
            (0, None, "physical"),
            (2, None, "never completed"),
            (3, None, "keeps no log"),
            (4, Some("lost"), "removed"),
            (5, Some("idle_timeout"), "idle_timeout"),
            (6, Some("true"), "recovery"),
        ] {
            let mut values = healthy;
            values[index] = value;
            is_lost(slot(values).covers("s", "shop", Lsn(0x20)), why);
        }
        let mut unfinished = healthy;
        (unfinished[2], unfinished[7]) = (None, Some("true"));
        let answer = slot(unfinished).covers("s", "shop", Lsn(0x20));
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
    }
}
