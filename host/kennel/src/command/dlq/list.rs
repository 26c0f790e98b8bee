//! `kennel dlq list`.

use comfy_table::{Table, presets};
use kennel_broker::Target;
use kennel_pipeline::Letter;
use serde::Serialize;

use super::mailbox::{Entry, Mailbox};
use super::spilled::{SpilledLetter, spilled};
use crate::cli::{GlobalArguments, LetterId, ListLettersArguments};
use crate::command::readable::{line, time};
use crate::command::selected::Selected;
use crate::exit_code::Failure;
use crate::terminal::Terminal;

/// Characters of a letter's detail in the table.
const DETAIL_WIDTH: usize = 60;
/// Characters of a message's place: names are at most 255 bytes each.
const NAME_WIDTH: usize = 600;

/// What is printed for programs.
#[derive(Serialize)]
struct Report {
    connector: String,
    topics: Vec<String>,
    /// Letters that match, shown or not.
    matching: u64,
    /// Oldest first.
    letters: Vec<Entry>,
    /// Letters that the broker refused. `null`: a running kennel has the state.
    refused: Option<Vec<Refused>>,
}

/// A refused letter without its message, which may be large.
#[derive(Serialize)]
struct Refused {
    #[serde(flatten)]
    letter: SpilledLetter,
    payload_bytes: usize,
}

pub(super) async fn run(
    arguments: ListLettersArguments,
    global: &GlobalArguments,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let filter = arguments.filter;
    let selected = Selected::load(&arguments.connector, global, terminal).await?;
    let mailbox = Mailbox::open(&selected).await?;
    let mut letters = mailbox.letters().await?.entries;
    letters.retain(|entry| !entry.is_purged && filter.matches_letter(&entry.letter));
    let matching = letters.len() as u64;
    // By time over all partitions, so that the newest are kept.
    letters.sort_by_key(|entry| entry.letter.time);
    let shown = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    letters.drain(..letters.len().saturating_sub(shown));
    let refused = match selected.state_if_free(terminal)? {
        Some(state) => {
            let mut refused = spilled(&state)?;
            refused.retain(|letter| {
                let record = &letter.record;
                filter.matches(&record.code, record.time, record.partition)
            });
            Some(refused.into_iter().map(Refused::of).collect())
        }
        None => None,
    };
    let report = Report {
        connector: selected.key().to_owned(),
        topics: mailbox.topics.iter().map(Target::to_string).collect(),
        matching,
        letters,
        refused,
    };
    terminal.result(&report, || report.text());
    Ok(())
}

impl Refused {
    fn of(mut letter: SpilledLetter) -> Self {
        let spilled = letter.record.spilled.take();
        // Four characters of base64 are three bytes; at most two of the last three are padding.
        let bytes = |text: &str| text.trim_end_matches('=').len() * 3 / 4;
        let payload_bytes = spilled.map_or(0, |spilled| bytes(&spilled.payload));
        Self { letter, payload_bytes }
    }
}

impl Report {
    fn text(&self) -> String {
        let refused = self.refused.as_deref().unwrap_or_default();
        let topics = self.topics.join(", ");
        if self.letters.is_empty() && refused.is_empty() {
            return format!("no letters of {} in {topics}", self.connector);
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header([
            "id", "time", "code", "stage", "message", "attempts", "replayed", "detail",
        ]);
        for Entry { id, letter, replayed, .. } in &self.letters {
            let replayed = replayed.map(time).unwrap_or_default();
            table.add_row(row(id, letter, replayed));
        }
        for SpilledLetter { id, record } in refused.iter().map(|refused| &refused.letter) {
            let letter = record.letter(&self.connector, "");
            table.add_row(row(id, &letter, String::new()));
        }
        let mut text = format!("{table}\n\n{} letters in {topics}", self.matching);
        if self.matching > self.letters.len() as u64 {
            text.push_str(&format!("; the newest {} are shown (--limit)", self.letters.len()));
        }
        if !refused.is_empty() {
            text.push_str(&format!(
                "; {} refused by the broker: their partitions stand still before them",
                refused.len()
            ));
        }
        text
    }
}

fn row(id: &LetterId, letter: &Letter, replayed: String) -> [String; 8] {
    let Letter { stream, topic, partition, offset, .. } = letter;
    [
        id.to_string(),
        time(letter.time),
        line(&letter.code, DETAIL_WIDTH),
        line(&letter.stage, DETAIL_WIDTH),
        line(&format!("{stream}/{topic}/{partition}:{offset}"), NAME_WIDTH),
        letter.attempts.to_string(),
        replayed,
        line(&letter.detail, DETAIL_WIDTH),
    ]
}
