//! The healthy connector beside all attacks: what it delivers, how fast, and that nothing is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use end_to_end::client::Client;
use end_to_end::destination::files;
use end_to_end::wait::PATIENCE;
use end_to_end::{Connector, Target, World, message};

/// Its key.
pub(crate) const KEY: &str = "neighbour";
/// Messages of one request of the client.
const REQUEST: u64 = 1_000;
/// Bytes of a message beside its number.
const PAD: usize = 200;

pub(crate) struct Neighbour {
    target: Target,
    folder: PathBuf,
    sent: u64,
    /// Numbers that were found and whose files are gone already.
    found: BTreeSet<u64>,
}

/// Shorter than other looks, because this is what is measured.
#[expect(clippy::disallowed_methods, reason = "a test's own thread, which runs nothing else")]
fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

impl Neighbour {
    pub(crate) fn new(world: &World, client: &Client) -> Self {
        let target = Target::unique("neighbour");
        client.create_topic(&target, 1);
        let folder = world.folder("out");
        let files = Connector::files(&target, &folder).stream("poll_interval = \"5ms\"");
        world.connector(KEY, files);
        Self { target, folder, sent: 0, found: BTreeSet::new() }
    }

    /// Sends so many messages and answers how long it took until all of them were settled.
    pub(crate) fn work(&mut self, client: &Client, messages: u64) -> Duration {
        let pad = "n".repeat(PAD);
        let payload = |number| message(format!("{{\"sequence\":{number},\"pad\":\"{pad}\"}}"));
        let end = self.sent + messages;
        let requests: Vec<Vec<_>> = (self.sent..end)
            .step_by(REQUEST as usize)
            .map(|first| (first..end.min(first + REQUEST)).map(payload).collect())
            .collect();
        let began = Instant::now();
        for request in requests {
            client.send(&self.target, 0, request);
        }
        self.sent = end;
        let group = format!("kennel-{KEY}");
        let is_settled = || {
            client.stored_offset(&self.target, &group, 0).is_some_and(|offset| offset + 1 >= end)
        };
        while !is_settled() {
            assert!(began.elapsed() < PATIENCE, "the neighbour does not deliver its messages");
            pause();
        }
        began.elapsed()
    }

    /// Counts what is at the destination, and makes room for more.
    pub(crate) fn collect(&mut self) {
        let mut files = files(&self.folder);
        // The sink knows by the newest how far it is.
        files.pop();
        for file in files {
            self.count(&file);
            fs::remove_file(file).unwrap();
        }
    }

    fn count(&mut self, file: &PathBuf) {
        for line in fs::read_to_string(file).unwrap().lines() {
            let number =
                line.strip_prefix("{\"sequence\":").and_then(|rest| rest.split(',').next());
            self.found.insert(number.and_then(|number| number.parse().ok()).unwrap());
        }
    }

    /// How many of all messages are not at the destination. After the host has ended.
    pub(crate) fn missing(mut self) -> u64 {
        for file in files(&self.folder) {
            self.count(&file);
        }
        (0..self.sent).filter(|number| !self.found.contains(number)).count() as u64
    }
}
