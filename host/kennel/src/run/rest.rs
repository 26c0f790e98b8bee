//! When everything is done.

use std::time::Duration;

use kennel_broker::{BrokerConfig, BrokerError, Connection};
use kennel_pipeline::Activity;
use kennel_supervisor::{Handle, Input, State};

const INTERVAL: Duration = Duration::from_millis(20);

/// Returns when nothing will happen any more: all connectors are over, or, with `once`, every source
/// is over and every sink has caught up with what the sources and each other wrote.
pub(super) async fn until_done(handles: &[Handle], once: bool, broker: &BrokerConfig) {
    let mut before = readings(handles);
    let mut told = None;
    loop {
        tokio::time::sleep(INTERVAL).await;
        if !handles.is_empty() && handles.iter().all(|handle| state(handle).is_over()) {
            return;
        }
        if !once {
            continue;
        }
        let now = readings(handles);
        if !is_unchanged(&before, &now) {
            before = now;
            continue;
        }
        // Lanes look less often the longer they find nothing, so the first of the unchanged readings
        // is kept until they have.
        let rests = handles
            .iter()
            .zip(now.iter().zip(&before))
            .all(|(handle, (now, before))| is_at_rest(handle, now, before));
        if !rests {
            continue;
        }
        before = now;
        match unread(handles, broker).await {
            // What was dead-lettered while the broker was asked may be another sink's to read.
            Ok(None) if is_unchanged(&before, &readings(handles)) => return,
            Ok(None) => {}
            Ok(Some(unread)) if told.as_ref() == Some(&unread) => {}
            Ok(Some(unread)) => {
                tracing::info!("waiting for {unread}");
                told = Some(unread);
            }
            Err(error) => tracing::debug!("asking how far the sinks are: {error}"),
        }
    }
}

fn state(handle: &Handle) -> State {
    handle.status.borrow().state.clone()
}

fn is_at_rest(handle: &Handle, now: &Activity, before: &Activity) -> bool {
    match state(handle) {
        state if state.is_over() => true,
        _ if handle.is_source => false,
        // It has not looked yet.
        State::Starting => false,
        // The broker will be asked whether there is anything to go on with.
        State::Waiting(_) => true,
        _ => !now.lanes.is_empty() && now.is_rest_since(before),
    }
}

/// The first partition that holds messages some sink has yet to read, by the broker's own account.
///
/// That the lanes found nothing is not enough: while the group moves a partition from one member to
/// another, both may find nothing in those that they know of.
async fn unread(handles: &[Handle], broker: &BrokerConfig) -> Result<Option<String>, BrokerError> {
    let connection = Connection::connect(broker).await?;
    let mut found = Ok(None);
    for handle in handles.iter().filter(|handle| !state(handle).is_over()) {
        found = unread_of(handle, &connection).await;
        if !matches!(found, Ok(None)) {
            break;
        }
    }
    connection.close().await;
    found
}

async fn unread_of(
    handle: &Handle,
    connection: &Connection,
) -> Result<Option<String>, BrokerError> {
    let own = handle.stats.partitions();
    for Input { target, group } in &handle.inputs {
        // There is nothing to catch up with in a topic that nobody has made.
        let offsets = connection.group_offsets(target, group).await?;
        for offset in offsets.unwrap_or_default() {
            // A lane knows where it began; what is stored says nothing before the first message.
            let known = own.get(&(target.clone(), offset.partition));
            if known.is_some_and(|known| known.next >= offset.end) || offset.has_caught_up() {
                continue;
            }
            let holder = if known.is_some() { "this host" } else { "no lane of this host" };
            let partition = offset.partition;
            return Ok(Some(format!(
                "partition {partition} of {target}, which group {group} has not read to its end; \
                 {holder} has it now"
            )));
        }
    }
    Ok(None)
}

/// Nothing happened, and no lane came or went.
fn is_unchanged(before: &[Activity], now: &[Activity]) -> bool {
    before
        .iter()
        .zip(now)
        .all(|(before, now)| before.events == now.events && before.lanes.len() == now.lanes.len())
}

fn readings(handles: &[Handle]) -> Vec<Activity> {
    handles.iter().map(|handle| handle.stats.activity()).collect()
}
