//! What a person sees while connectors are compiled and run: progress, then a live table.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use comfy_table::{Cell, CellAlignment, Table as TextTable, presets};
use crossterm::{cursor, queue, terminal};
use indicatif::{ProgressBar, ProgressStyle};
use kennel_config::ComponentSource;
use kennel_pipeline::{Breaker, BreakerReading, Snapshot, Stats};
use kennel_supervisor::{Handle, Status};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::terminal::{printable, transfer};
use crate::wiring::{Loaded, Progress};

/// How often the table is drawn on a terminal; elsewhere it is drawn once, at the end.
const REFRESH: Duration = Duration::from_millis(200);

/// A line that says which component is compiled.
pub(super) struct CompileProgress {
    bar: ProgressBar,
}

impl CompileProgress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{spinner} [{pos}/{len}] {msg} ({elapsed})")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for CompileProgress {
    fn loading(&self, source: &ComponentSource, number: usize, of: usize) {
        let name = source.to_string();
        let name = name.rsplit('/').next().unwrap_or_default();
        self.bar.set_length(of as u64);
        self.bar.set_position(number as u64);
        self.bar.set_message(format!("loading {name}"));
        tracing::debug!("loading component {source} ({number}/{of})");
    }
}

impl kennel_registry::Progress for CompileProgress {
    fn transferred(&self, done: u64, total: Option<u64>) {
        self.bar.set_message(transfer(done, total));
    }
}

/// A table of rates, lag and stages that redraws itself.
pub(super) struct Table {
    done: CancellationToken,
    task: JoinHandle<()>,
}

struct Row {
    key: String,
    stages: String,
    stats: Arc<Stats>,
    breaker: Arc<Breaker>,
    status: watch::Receiver<Status>,
    last: Snapshot,
}

impl Table {
    pub(super) fn start(loaded: &[Loaded], handles: &[Handle]) -> Self {
        let rows = loaded.iter().zip(handles).map(|(loaded, handle)| Row {
            key: handle.key.clone(),
            stages: stages(loaded),
            stats: Arc::clone(&handle.stats),
            breaker: Arc::clone(&handle.breaker),
            status: handle.status.clone(),
            last: Snapshot::default(),
        });
        let rows: Vec<Row> = rows.collect();
        let done = CancellationToken::new();
        let until = done.clone();
        let task = tokio::spawn(async move { draw(rows, until).await });
        Self { done, task }
    }

    /// Draws the table a last time.
    pub(super) async fn finish(self) {
        self.done.cancel();
        if let Err(error) = self.task.await {
            tracing::debug!("the table ended unexpectedly: {error}");
        }
    }
}

async fn draw(mut rows: Vec<Row>, done: CancellationToken) {
    let live = std::io::stderr().is_terminal();
    let (mut lines, mut last) = (0, Instant::now());
    loop {
        let finished = tokio::select! {
            () = done.cancelled() => true,
            () = tokio::time::sleep(REFRESH) => false,
        };
        if live || finished {
            let text = render(&mut rows, last.elapsed());
            last = Instant::now();
            if let Err(error) = replace(lines, &text) {
                tracing::debug!("cannot draw the table: {error}");
                return;
            }
            lines = if live { text.lines().count() as u16 } else { 0 };
        }
        if finished {
            return;
        }
    }
}

/// Writes `text` over the `lines` written before.
fn replace(lines: u16, text: &str) -> std::io::Result<()> {
    let mut terminal = std::io::stderr().lock();
    if lines > 0 {
        queue!(
            terminal,
            cursor::MoveToPreviousLine(lines),
            terminal::Clear(terminal::ClearType::FromCursorDown)
        )?;
    }
    writeln!(terminal, "{text}")?;
    terminal.flush()
}

fn render(rows: &mut [Row], elapsed: Duration) -> String {
    let mut table = TextTable::new();
    table.load_preset(presets::UTF8_FULL_CONDENSED);
    table.set_header([
        "connector",
        "state",
        "stages",
        "in",
        "out",
        "msg/s",
        "MB/s",
        "lag",
        "filtered",
        "dead",
        "guest",
    ]);
    for row in rows {
        let now = row.stats.snapshot();
        let seconds = elapsed.as_secs_f64().max(0.001);
        let per_second = |now: u64, last: u64| now.saturating_sub(last) as f64 / seconds;
        let rate = per_second(now.messages_in, row.last.messages_in);
        let megabytes = per_second(now.bytes_in, row.last.bytes_in) / 1e6;
        let guest = per_second(now.guest_micros, row.last.guest_micros) / 1e4;
        row.last = now;
        let numbers = [
            now.messages_in.to_string(),
            now.messages_out.to_string(),
            format!("{rate:.0}"),
            format!("{megabytes:.1}"),
            now.lag.to_string(),
            now.filtered.to_string(),
            now.dead_lettered.to_string(),
            format!("{guest:.0} %"),
        ];
        let status = match row.breaker.reading() {
            BreakerReading { unavailable: Some(_), failures, .. } => {
                format!("unavailable {failures}x")
            }
            _ => row.status.borrow().state.name().to_owned(),
        };
        let mut cells = vec![Cell::new(&row.key), Cell::new(status), Cell::new(&row.stages)];
        cells.extend(numbers.map(|number| Cell::new(number).set_alignment(CellAlignment::Right)));
        table.add_row(cells);
    }
    table.to_string()
}

/// `file > filter > fields > shop/orders`, in the direction in which messages flow.
fn stages(loaded: &Loaded) -> String {
    let name = |component: &kennel_sandbox::Component| {
        let name = printable(&component.description().name).into_owned();
        if component.is_metered() { name } else { format!("{name} (trusted)") }
    };
    let transforms = loaded.transforms.iter().map(name);
    let guest = name(&loaded.component);
    match &loaded.config.direction {
        kennel_config::Direction::Sink(streams) => {
            let topics = streams.iter().flat_map(|stream| {
                stream.topics.iter().map(|topic| format!("{}/{topic}", stream.stream))
            });
            let topics = topics.collect::<Vec<_>>().join(", ");
            [topics].into_iter().chain(transforms).chain([guest]).collect::<Vec<_>>().join(" > ")
        }
        kennel_config::Direction::Source(stream) => {
            let topics = stream.topics.iter().map(|topic| format!("{}/{topic}", stream.stream));
            let topics = topics.collect::<Vec<_>>().join(", ");
            [guest].into_iter().chain(transforms).chain([topics]).collect::<Vec<_>>().join(" > ")
        }
    }
}
