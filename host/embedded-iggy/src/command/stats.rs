//! Statistics of the server and the machine.

use iggy_binary_protocol::responses::system::StatsResponse;

use super::login::SERVER_VERSION;
use super::{Answer, Reply};
use crate::broker::Broker;
use crate::session::Caller;
use crate::user::Need;

/// Bytes in a page as `/proc` counts them.
const PAGE: u64 = 4096;

impl Broker {
    /// What cannot be told without asking the operating system at length is 0: processor use, disk
    /// space, bytes read and written.
    pub(super) fn get_stats(&self, caller: Caller) -> Answer {
        let clients_count = count(self.clients.lock().len());
        let catalog = self.catalog.lock();
        catalog.authorize(caller, Need::ReadServers)?;
        let mut stats = StatsResponse {
            process_id: std::process::id(),
            run_time: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            start_time: self.started_at,
            memory_usage: resident_bytes().unwrap_or(0),
            total_memory: memory_info("MemTotal:").unwrap_or(0),
            available_memory: memory_info("MemAvailable:").unwrap_or(0),
            clients_count,
            streams_count: count(catalog.streams.iter().count()),
            hostname: kernel("hostname"),
            os_name: std::env::consts::OS.to_owned(),
            os_version: kernel("version"),
            kernel_version: kernel("osrelease"),
            iggy_server_version: SERVER_VERSION.to_owned(),
            iggy_server_semver: None,
            cpu_usage: 0.0,
            total_cpu_usage: 0.0,
            read_bytes: 0,
            written_bytes: 0,
            messages_size_bytes: 0,
            topics_count: 0,
            partitions_count: 0,
            segments_count: 0,
            messages_count: 0,
            consumer_groups_count: 0,
            cache_metrics: Vec::new(),
            threads_count: 0,
            free_disk_space: 0,
            total_disk_space: 0,
        };
        for topic in catalog.topics() {
            stats.topics_count += 1;
            stats.partitions_count += topic.partitions_count();
            stats.consumer_groups_count += count(topic.groups.iter().count());
            for partition in &topic.partitions {
                let figures = partition.figures();
                stats.segments_count += figures.segments;
                stats.messages_count += figures.messages();
                stats.messages_size_bytes += figures.size_bytes;
            }
        }
        Ok(Reply::encode(&stats))
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    statm.split_whitespace().nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE)
}

fn memory_info(key: &str) -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// A fact about the kernel; empty where there is no `/proc`.
fn kernel(fact: &str) -> String {
    let read = std::fs::read_to_string(format!("/proc/sys/kernel/{fact}"));
    read.map(|text| text.trim().to_owned()).unwrap_or_default()
}
