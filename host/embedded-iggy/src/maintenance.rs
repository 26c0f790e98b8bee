//! What a server does without being asked: writing offsets, synchronising logs, removing what has
//! expired.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::catalog::Topic;
use crate::clock::now_micros;
use crate::partition::Partition;
use crate::settings::Fsync;

/// Works until `stop` fires.
pub(crate) async fn run(broker: Arc<Broker>, stop: CancellationToken) {
    let durable = broker.folder.is_some();
    let sync_every = match broker.settings.fsync {
        Fsync::Interval(period) if durable => Some(period),
        _ => None,
    };
    let mut offsets = timer(durable.then_some(broker.settings.offsets_interval));
    let mut sync = timer(sync_every);
    let mut retention = timer(Some(broker.settings.retention_interval));
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tick(&mut offsets) => broker.save_offsets(broker.partitions()).await,
            () = tick(&mut sync) => {
                // The reason has been logged. What failed is not tried again: the operating
                // system has dropped the pages and would only pretend.
                let _ = broker.sync_logs(broker.partitions()).await;
            }
            () = tick(&mut retention) => {
                let topics: Vec<Retention> =
                    broker.catalog.lock().topics().map(Retention::of).collect();
                // A panic there is reported by the runtime and must not end the other work.
                let _ = tokio::task::spawn_blocking(move || retain(topics)).await;
            }
        }
    }
}

/// The last writes of a graceful stop.
pub(crate) async fn finish(broker: &Broker) {
    broker.save_offsets(broker.partitions()).await;
    // The reason of a failure has been logged; there is nobody left to tell.
    let _ = broker.sync_logs(broker.partitions()).await;
}

fn timer(period: Option<Duration>) -> Option<Interval> {
    let period = period?;
    let mut timer = tokio::time::interval_at(Instant::now() + period, period);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    Some(timer)
}

/// Never comes without a timer.
async fn tick(timer: &mut Option<Interval>) {
    match timer {
        Some(timer) => {
            timer.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// What a topic keeps.
struct Retention {
    partitions: Vec<Arc<Partition>>,
    expiry: u64,
    max_size: u64,
}

impl Retention {
    fn of(topic: &Topic) -> Self {
        Self {
            partitions: topic.partitions.clone(),
            expiry: topic.settings.message_expiry,
            max_size: topic.settings.max_size,
        }
    }
}

/// Removes segments all of whose messages have expired, then the oldest segments of topics over
/// their size.
fn retain(topics: Vec<Retention>) {
    for topic in topics {
        for partition in &topic.partitions {
            partition.trim();
            if topic.expiry != u64::MAX {
                remove_expired(partition, topic.expiry);
            }
        }
        if topic.max_size != u64::MAX {
            remove_excess(&topic);
        }
    }
}

fn remove_expired(partition: &Partition, expiry: u64) {
    let has_expired = |stored: u64| stored.saturating_add(expiry) <= now_micros();
    while partition.oldest_segment_time().is_some_and(has_expired) && remove(partition) {}
}

fn remove_excess(topic: &Retention) {
    let size =
        || -> u64 { topic.partitions.iter().map(|partition| partition.figures().size_bytes).sum() };
    while size() > topic.max_size {
        // A topic's last segment stays, however large: it is being written to.
        let oldest = topic
            .partitions
            .iter()
            .filter(|partition| partition.figures().segments > 1)
            .min_by_key(|partition| partition.oldest_segment_time());
        if !oldest.is_some_and(|partition| remove(partition)) {
            return;
        }
    }
}

fn remove(partition: &Partition) -> bool {
    // The reason of a failure has been logged; the next round tries again.
    partition.remove_oldest_segment().unwrap_or(false)
}
