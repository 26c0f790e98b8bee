//! `kennel dlq show`.

use std::fmt::Write as _;

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kennel_broker::ColumnName;
use kennel_broker::headers::{self, Header};
use kennel_pipeline::{DeadLetterRecord, Letter, original_headers};
use serde_json::{Value, json};

use super::mailbox::Mailbox;
use super::pages::Page;
use super::spilled::{message, record};
use crate::cli::{GlobalArguments, LetterId, ShowLetterArguments};
use crate::command::readable::{content, printable, time};
use crate::command::selected::{Selected, request_failure};
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// All that is known about one letter.
struct Found {
    letter: Letter,
    payload: Vec<u8>,
    /// The message's own, in wire form.
    headers: Vec<u8>,
    replayed: Option<u64>,
    is_purged: bool,
    /// What this host wrote down. `None`: it was another host, or a running kennel has the state.
    record: Option<DeadLetterRecord>,
}

pub(super) async fn run(
    arguments: ShowLetterArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let id = arguments.id;
    let found = match &id {
        LetterId::Stored { partition, offset, .. } => {
            stored(&selected, &id, (*partition, *offset), terminal).await?
        }
        LetterId::Record(name) => refused(&selected, name)?,
    };
    let found = found.ok_or_else(|| {
        let key = selected.key();
        Failure::usage(anyhow!(
            "`{id}` is no letter of {key}; `kennel dlq list --connector {key}` shows those there are"
        ))
    })?;
    terminal.result(&found.json(&id), || found.text(&id));
    Ok(())
}

async fn stored(
    selected: &Selected,
    id: &LetterId,
    (partition, offset): (u32, u64),
    terminal: &Terminal,
) -> Result<Option<Found>, Failure> {
    let mailbox = Mailbox::open(selected).await?;
    let Some(target) = mailbox.topic_of(id)? else { return Ok(None) };
    let known = mailbox.connection.topic(&target.stream, &target.topic).await;
    if known.map_err(request_failure)?.is_none_or(|info| partition >= info.partitions) {
        return Ok(None);
    }
    let read = mailbox.connection.read(target, partition, offset, 1).await;
    let Some(batch) = read.map_err(request_failure)? else { return Ok(None) };
    if batch.offsets.first() != Some(&offset) {
        return Ok(None);
    }
    let topic = mailbox.topics.iter().position(|topic| topic == target).unwrap_or_default();
    let appended = batch.column(ColumnName::Timestamp);
    let page = Page { topic, partition, batch, appended };
    let Some(entry) = mailbox.entry(&page, 0) else { return Ok(None) };
    let record = match selected.state_if_free(terminal)? {
        Some(state) => record(&state, &entry.letter.record)?,
        None => None,
    };
    Ok(Some(Found {
        letter: entry.letter,
        payload: page.batch.payload(0).unwrap_or_default().to_vec(),
        headers: original_headers(page.batch.headers(0).unwrap_or_default()).to_vec(),
        replayed: entry.replayed,
        is_purged: entry.is_purged,
        record,
    }))
}

fn refused(selected: &Selected, name: &str) -> Result<Option<Found>, Failure> {
    let Some(mut record) = record(&selected.state()?, name)? else { return Ok(None) };
    // Without the message it is the record of a letter that is in its topic.
    let Some(spilled) = record.spilled.take() else { return Ok(None) };
    let (payload, headers) = message(&spilled)?;
    let letter = record.letter(selected.key(), name);
    let (replayed, is_purged) = (None, false);
    Ok(Some(Found { letter, payload, headers, replayed, is_purged, record: Some(record) }))
}

impl Found {
    fn json(&self, id: &LetterId) -> Value {
        let headers: Vec<Value> = headers::iterate(&self.headers)
            .map_while(Result::ok)
            .map(|header| {
                json!({
                    "key": field(header.key_text(), None, header.key),
                    "value": field(header.value_text(), header.value_u64(), header.value),
                    "kind": header.value_kind.0,
                })
            })
            .collect();
        json!({
            "id": id,
            "letter": self.letter,
            "replayed": self.replayed,
            "purged": self.is_purged,
            "headers": headers,
            "payload": {
                "text": str::from_utf8(&self.payload).ok(),
                "base64": STANDARD.encode(&self.payload),
            },
            "record": self.record,
        })
    }

    fn text(&self, id: &LetterId) -> String {
        let letter = &self.letter;
        // Whole in the record, cut in the header.
        let detail = self.record.as_ref().map_or(&letter.detail, |record| &record.detail);
        let place =
            format!("{}/{}/{}:{}", letter.stream, letter.topic, letter.partition, letter.offset);
        let state = match (self.is_purged, self.replayed) {
            (true, _) => "purged".to_owned(),
            (false, Some(replayed)) => format!("replayed {}", time(replayed)),
            (false, None) => String::new(),
        };
        let facts = [
            ("letter", id.to_string()),
            ("message", content(place.as_bytes())),
            ("given up", time(letter.time)),
            ("code", content(letter.code.as_bytes())),
            ("detail", content(detail.as_bytes())),
            ("stage", content(letter.stage.as_bytes())),
            ("component", content(letter.component.as_bytes())),
            ("digest", content(letter.digest.as_bytes())),
            ("attempts", letter.attempts.to_string()),
            ("record", content(letter.record.as_bytes())),
            ("state", state),
        ];
        let mut text = String::new();
        for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "{name:<10} {value}");
        }
        text.push_str("\nheaders\n");
        for header in headers::iterate(&self.headers).map_while(Result::ok) {
            let _ = writeln!(text, "  {} = {}", key(&header), value(&header));
        }
        let _ = write!(text, "\npayload, {} bytes\n{}", self.payload.len(), content(&self.payload));
        match &self.record {
            Some(record) => {
                if let Some(backtrace) = &record.backtrace {
                    let _ = write!(text, "\n\nbacktrace\n{}", content(backtrace.as_bytes()));
                }
                if !record.last_lines.is_empty() {
                    let lines = record.last_lines.join("\n");
                    let _ = write!(text, "\n\nlast lines\n{}", content(lines.as_bytes()));
                }
            }
            None => text.push_str("\n\nthis host has no record of it"),
        }
        text
    }
}

fn field(text: Option<&str>, number: Option<u64>, bytes: &[u8]) -> Value {
    match (text, number) {
        (Some(text), _) => json!(text),
        (None, Some(number)) => json!(number),
        (None, None) => json!({ "base64": STANDARD.encode(bytes) }),
    }
}

fn key(header: &Header<'_>) -> String {
    let text = header.key_text().filter(|text| printable(text.as_bytes()).is_some());
    text.map_or_else(|| hexadecimal(header.key), str::to_owned)
}

fn value(header: &Header<'_>) -> String {
    let text = header.value_text().filter(|text| printable(text.as_bytes()).is_some());
    match (text, header.value_u64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => hexadecimal(header.value),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
